"""F29-F31: a mail server that refuses, stalls, drops, and has no TLS worth the name."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from tests.faults.limits import Limits
from tests.faults.load import process
from tests.faults.post import Deed, Fault, Verb
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario

QUIET_SECONDS: Final = 200
FIRED_SECONDS: Final = 90
ROUNDS: Final = 30
SILENT_SECONDS: Final = 5
HASTY: Final = {"LIMITS": Limits(smtp={"other_seconds": 1.5, "data_seconds": 3}).text}

LATER: Final[Mapping[Verb, Sequence[int]]] = {
    "CONNECT": (421, 454),
    "EHLO": (421,),
    "MAIL": (421, 450, 451, 452, 454),
    "RCPT": (421, 450, 451, 452, 454),
    "DATA": (421, 450, 451, 452, 454),
    "DOT": (421, 450, 451, 452, 454),
}
"""To another reply to EHLO we answer with HELO, as one should."""

AT_ONCE: Final = frozenset({("MAIL", 421), ("RCPT", 421)})
"""On a connection that has rested these are no refusal: a fresh one is tried at once."""

NEVER: Final[Mapping[int, tuple[Verb, int]]] = {
    550: ("RCPT", 50),
    551: ("RCPT", 51),
    552: ("DOT", 52),
    553: ("RCPT", 53),
    554: ("DOT", 54),
}
"""Where it is said, and the number of the client to whom."""

WAIT: Final = """
    select min(next_try_at) - public.clock() + interval '1 second' from notifier.mail
    where state = 'pending' having min(next_try_at) is not null
"""
AT_WORK: Final = """
    select count(*) = 0 from notifier.mail
    where state in ('claimed', 'handing_off')
       or (state = 'pending' and next_try_at <= public.clock())
"""
STATES: Final = "select state, count(*) as mails from notifier.mail group by state"
ASKED: Final = """
    select (select count(*) from gateway.monthly_delivery) >= $1 and not exists (
      select from gateway.job where status = 'processing' and not exists (
        select from notifier.mail where mail.kind = 'notification' and mail.job_id = job.id))
"""
TRIED: Final = "select distinct verb, code from notifier.mail_attempt where code is not null"
OF_CLIENT: Final = """
    select m.state, m.attempts, c.id from notifier.mail m join gateway.client c on c.id = m.client_id
    where c.email = $1 and m.kind in ('welcome', 'notification')
"""


@scenario("F29", "4xx at every verb: each mail is tried again, each try is visible")
async def later(rig: Rig) -> None:
    for verb, codes in LATER.items():
        for code in codes:
            rig.post.on(verb, reply=f"{code} 4.3.0 not now", times=1)
    await _all_asked(rig)
    for _ in range(ROUNDS):
        await _next_tries(rig)
        if not rig.post.faults:
            break
    else:
        raise Violated(f"{len(rig.post.faults)} refusals were never met")
    await _until_all_sent(rig)
    tried = {(row["verb"], row["code"]) for row in await rig.query(TRIED)}
    wanted = {(_seen(verb), code) for verb, codes in LATER.items() for code in codes}
    if missing := wanted - tried - AT_ONCE:
        raise Violated(f"no attempt shows {sorted(missing)}")
    rig.note(f"{sum(map(len, LATER.values()))} refusals, each visible as an attempt")


async def _all_asked(rig: Rig) -> None:
    """Every job waits for its mail alone: nothing else minds that the clock is moved."""
    await rig.loaded.wait()
    await rig.until_row(ASKED, len(rig.ledger.due), seconds=QUIET_SECONDS)


def _seen(verb: Verb) -> str:
    """What is said after the final dot is the answer to DATA."""
    return "DATA" if verb == "DOT" else verb


async def _until_all_sent(rig: Rig) -> None:
    for _ in range(ROUNDS):
        states = {row["state"]: row["mails"] for row in await rig.query(STATES)}
        if "pending" not in states:
            return
        await _next_tries(rig)
    raise Violated("mails wait for ever")


async def _next_tries(rig: Rig) -> None:
    """The hour of the next try has come, of a notifier that has slowed nobody down.

    A domain that asks for fewer mails gets them by the process's own clock, which we cannot move.
    """
    await rig.until_row(AT_WORK, seconds=FIRED_SECONDS)
    if rows := await rig.query(WAIT):
        await rig.dismiss(rig.of("notifier"))
        await rig.advance(max(rows[0][0], timedelta()))
        await rig.start("notifier")
        await asyncio.sleep(1)
        await rig.until_row(AT_WORK, seconds=FIRED_SECONDS)


@scenario("F30", "5xx for good: not tried again, the job fails, a person hears of it")
async def never(rig: Rig) -> None:
    refused = {code: f"adresse{number}@agence.example" for code, (_, number) in NEVER.items()}
    for code, (verb, _) in NEVER.items():
        rig.post.on(verb, reply=f"{code} no", to=refused[code])
    await rig.loaded.wait()
    for address in refused.values():
        [row] = await rig.query("select id from gateway.client where email = $1", address)
        rig.ledger.may_fail.add(row["id"])
    await quiet(rig, QUIET_SECONDS)
    for code, address in refused.items():
        mails = {(row["state"], row["attempts"]) for row in await rig.query(OF_CLIENT, address)}
        if mails != {("failed", 1)}:
            raise Violated(f"after {code} the mails are {sorted(mails)}")


@scenario(
    "F30-login",
    "535: nothing is tried until the login works, and nothing is lost",
    environ={"SMTP_USERNAME": "trackimmo", "SMTP_PASSWORD": "right"},
)
async def not_let_in(rig: Rig) -> None:
    rig.post.login = ("trackimmo", "right")
    fault = rig.post.on("AUTH", reply="535 5.7.8 who are you")
    await _all_asked(rig)
    await rig.until_row("select count(*) >= 6 from notifier.mail where state = 'pending'")
    await fired(fault)
    await asyncio.sleep(SILENT_SECONDS)
    if rig.post.accepted:
        raise Violated("a server that lets nobody in has accepted a mail")
    rig.post.reset()
    rig.note(f"{fault.count} logins refused")
    await rig.advance(timedelta(minutes=2))


@scenario("F31", "The server stalls, or drips, at every verb", environ=HASTY)
async def stalls(rig: Rig) -> None:
    verbs: Sequence[Verb] = ("CONNECT", "EHLO", "MAIL", "RCPT")
    faults = [rig.post.on(verb, does="stall", times=1) for verb in verbs]
    faults += [rig.post.on(verb, does="drip", times=1) for verb in verbs]
    # From DATA on nobody knows: it may be that the mail was taken.
    faults += [
        rig.post.on("DATA", does="stall", times=1),
        rig.post.on("DOT", does="stall", times=1),
    ]
    rig.ledger.may_doubt += 2
    await _all_asked(rig)
    await _all_fired(rig, faults)
    await _until_all_sent(rig)
    rig.post.reset()


async def _all_fired(rig: Rig, faults: Sequence[Fault]) -> None:
    for _ in range(ROUNDS):
        if all(fault.fired.is_set() for fault in faults):
            return
        await _next_tries(rig)
    raise Violated(f"never met: {[fault.verb for fault in faults if not fault.fired.is_set()]}")


async def fired(fault: Fault) -> None:
    async with asyncio.timeout(FIRED_SECONDS):
        await fault.fired.wait()


async def _tls(rig: Rig) -> None:
    """The server speaks TLS, and the notifier insists on it."""
    rig.environ |= rig.post.certify(rig.folder)


@scenario(
    "F31-tls",
    "No TLS after 220, a stranger's certificate, STARTTLS stripped: never in the clear",
    environ=HASTY,
    before=_tls,
)
async def no_privacy(rig: Rig) -> None:
    deeds: Sequence[tuple[Verb, Deed]] = (
        ("STARTTLS", "garble"),
        ("STARTTLS", "stranger"),
        ("EHLO", "hide-starttls"),
    )
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    for verb, deed in deeds:
        fault = rig.post.on(verb, does=deed)
        await rig.dismiss(rig.of("notifier"))
        said = rig.post.heard["MAIL"]
        await rig.start("notifier")
        await process(rig, rig.random.choice(sorted(rig.ledger.clients)))
        await fired(fault)
        await asyncio.sleep(SILENT_SECONDS)
        if rig.post.heard["MAIL"] > said:
            raise Violated(f"a mail was offered in spite of {deed}")
        rig.post.reset()
        await _until_all_sent(rig)
    if not all(mail.is_private for mail in rig.post.accepted):
        raise Violated("a mail went out in the clear")
