"""Each answer of a server at each verb, and what becomes of the mail: the whole table.

A real server says it on the wire. At the verbs before MAIL the answer is about us: it stops the
sender, blames no mail, and raises the alarm where only a person can mend it.
"""

from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from services.notifier.domain.delivery import (
    SESSION_VERBS,
    Cause,
    Decision,
    Verdict,
    cause,
    decide,
)
from services.notifier.domain.pace import Pace
from services.notifier.mailer.smtp import Server, SmtpSession
from tests.notifier.mail_server import DROP, STALL, MailServer, mail_server
from tests.notifier.stage import Stage

VERBS: Final = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "DOT", "QUIT")
MINUTE: Final = timedelta(minutes=1)


class Fate(NamedTuple):
    """What becomes of the mail; `slows` says that its whole domain waits with it."""

    verdict: Verdict
    cause: Cause | None = None
    least_wait: timedelta = timedelta()
    slows: bool = False


SENT: Final = Fate(Verdict.SENT)
LOST: Final = Fate(Verdict.RETRY, None, timedelta(seconds=5))
DOUBT: Final = Fate(Verdict.UNKNOWN)
LATER: Final = Fate(Verdict.RETRY, Cause.LATER, MINUTE)
GREYLISTED: Final = Fate(Verdict.RETRY, Cause.GREYLIST, 5 * MINUTE)
SLOWER: Final = Fate(Verdict.RETRY, Cause.RATE, 5 * MINUTE, slows=True)
STOP: Final = Fate(Verdict.CONFIGURATION, Cause.CONFIGURATION, MINUTE)
NO_SUCH_USER: Final = Fate(Verdict.FAILED, Cause.RECIPIENT)
TOO_LARGE: Final = Fate(Verdict.FAILED, Cause.SIZE)
UNWANTED: Final = Fate(Verdict.FAILED, Cause.POLICY)
REFUSED: Final = Fate(Verdict.FAILED, Cause.REFUSED)

ABOUT_US: Final = len(SESSION_VERBS)
"""The first columns: CONNECT, EHLO, STARTTLS, AUTH."""

#                          the answer                        at the four, MAIL, RCPT, DATA, the dot, QUIT
TABLE: Final[dict[str, tuple[Fate, Fate, Fate, Fate, Fate, Fate]]] = {
    "421 4.3.2 shutting down":             (LATER, LATER, LATER, LATER, LATER, SENT),
    "421 4.7.0 unusual rate of mail":      (LATER, SLOWER, SLOWER, SLOWER, SLOWER, SENT),
    "450 4.2.0 come back later":           (LATER, GREYLISTED, GREYLISTED, GREYLISTED, GREYLISTED, SENT),
    "450 4.7.1 too many mails from you":   (LATER, SLOWER, SLOWER, SLOWER, SLOWER, SENT),
    "451 4.7.1 Greylisted, try again":     (LATER, GREYLISTED, GREYLISTED, GREYLISTED, GREYLISTED, SENT),
    "451 4.3.0 local error":               (LATER, GREYLISTED, GREYLISTED, GREYLISTED, GREYLISTED, SENT),
    "452 4.5.3 too many recipients":       (LATER, SLOWER, SLOWER, SLOWER, SLOWER, SENT),
    "452 insufficient storage":            (LATER, SLOWER, SLOWER, SLOWER, SLOWER, SENT),
    "452 4.2.2 mailbox full":              (LATER, LATER, LATER, LATER, LATER, SENT),
    "454 4.3.0 not now":                   (LATER, LATER, LATER, LATER, LATER, SENT),
    "500 5.5.2 what?":                     (STOP, REFUSED, REFUSED, REFUSED, REFUSED, SENT),
    "530 5.7.0 authenticate first":        (STOP, STOP, STOP, STOP, STOP, SENT),
    "534 5.7.9 stronger login needed":     (STOP, STOP, STOP, STOP, STOP, SENT),
    "535 5.7.8 wrong password":            (STOP, STOP, STOP, STOP, STOP, SENT),
    "550 5.1.1 no such user":              (STOP, NO_SUCH_USER, NO_SUCH_USER, NO_SUCH_USER, NO_SUCH_USER, SENT),
    "550 no such user":                    (STOP, REFUSED, NO_SUCH_USER, REFUSED, REFUSED, SENT),
    "550 5.7.1 blocked":                   (STOP, UNWANTED, UNWANTED, UNWANTED, UNWANTED, SENT),
    "552 5.3.4 too large":                 (STOP, TOO_LARGE, TOO_LARGE, TOO_LARGE, TOO_LARGE, SENT),
    "552 too large":                       (STOP, TOO_LARGE, TOO_LARGE, TOO_LARGE, TOO_LARGE, SENT),
    "554 5.7.1 this looks like spam":      (STOP, UNWANTED, UNWANTED, UNWANTED, UNWANTED, SENT),
    "554 no":                              (STOP, UNWANTED, UNWANTED, UNWANTED, UNWANTED, SENT),
    DROP:                                  (LOST, LOST, LOST, DOUBT, DOUBT, SENT),
    STALL:                                 (LOST, LOST, LOST, DOUBT, DOUBT, SENT),
}  # fmt: skip

# Whoever closes with 421 during the login is asked once more by the library, which then finds
# nobody: its words are lost, the mail is not.
UNHEARD: Final = {(answer, "AUTH"): LOST for answer in TABLE if answer.startswith("421")}

CELLS: Final = [
    pytest.param(
        answer,
        verb,
        UNHEARD.get((answer, verb), fates[max(0, at - ABOUT_US + 1)]),
        id=f"{verb}-{answer.replace(' ', '_')}",
    )
    for answer, fates in TABLE.items()
    for at, verb in enumerate(VERBS)
]


async def try_once(server: MailServer, verb: str, pace: Pace) -> Decision:
    """One mail, as far as the server lets it come."""
    session = SmtpSession(
        Server(
            host="127.0.0.1", port=server.port, local_hostname="our.test",
            security="starttls" if verb == "STARTTLS" else "none",
            username="us" if verb == "AUTH" else "", password="open sesame",
            data_seconds=0.2, other_seconds=0.2,
        ),
        "bonjour@our.test",
        pace=pace,
    )  # fmt: skip
    reply = await session.envelope("helene@agence.test")
    if reply is None:
        reply = await session.content(b"Subject: x\r\n\r\nx\r\n")
    await session.close()
    return decide(reply, 0)


@pytest.mark.parametrize("answer, verb, fate", CELLS)
async def test_what_becomes_of_the_mail(answer: str, verb: str, fate: Fate):
    pace = Pace()
    async with mail_server(login=("us", "open sesame")) as server:
        # Asked for every mechanism, and by the older greeting, it stays with its answer.
        for asked in (verb, verb, verb, "HELO") if verb in {"EHLO", "AUTH"} else (verb,):
            server.answer(asked, answer)
        decision = await try_once(server, verb, pace)
        server.answers.clear()
        next_of_domain = pace.hold("agence.test", 0) if fate.slows else None
        held = await try_once(server, "MAIL", pace)

    assert (decision.verdict, cause(decision.reply)) == (fate.verdict, fate.cause)
    assert decision.wait == fate.least_wait
    expected = {"DOT": "DATA", "QUIT": "DATA"}.get(verb, verb)
    assert decision.reply.verb == expected
    if fate.slows:
        assert next_of_domain
        assert held.reply.verb == "PACE"
        assert held.wait >= 4 * MINUTE
    else:
        assert held.verdict is Verdict.SENT


async def test_a_server_that_knows_the_older_greeting_only_gets_the_mail(server: MailServer):
    server.answer("EHLO", "502 5.5.1 what is that?")

    assert (await try_once(server, "EHLO", Pace())).verdict is Verdict.SENT
    assert "HELO" in server.seen


async def test_another_domain_does_not_wait_for_a_slow_one(server: MailServer):
    pace = Pace()
    server.answer("RCPT", "452 4.5.3 too many")
    await try_once(server, "RCPT", pace)

    session = SmtpSession(
        Server(host="127.0.0.1", port=server.port, security="none"), "us@our.test", pace=pace
    )
    assert await session.envelope("jo@elsewhere.test") is None
    await session.close()


async def test_the_other_mails_of_a_slow_domain_wait_and_are_not_offered(
    stage: Stage, server: MailServer
):
    server.answer("RCPT", "452 4.5.3 too many of you")
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id), await stage.job(client_id))

    await stage.send()

    assert server.seen.count("RCPT") == 1
    rows = await stage.own.fetch("select state, next_try_at - public.clock() as wait from mail")
    assert [row["state"] for row in rows] == ["pending", "pending"]
    assert all(row["wait"] > 4 * MINUTE for row in rows)
    assert {verb for verb, *_ in await stage.attempts()} == {"RCPT", "PACE"}
    await stage.later(6 * MINUTE)
    await stage.send()
    assert len(server.taken) == 2
