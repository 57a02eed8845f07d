"""What becomes of a mail, answer by answer, on a real server."""

import asyncio
from datetime import timedelta

import pytest

from libs.common.events import MailSettled, StepProgressed
from services.notifier.handlers.loop import send_batch
from tests.notifier.mail_server import DROP, STALL, MailServer
from tests.notifier.stage import COMPOSER, Stage

DAY = timedelta(days=1)


async def test_a_notification_that_the_server_takes_is_sent_and_said(
    stage: Stage, server: MailServer
):
    event = await stage.job(await stage.client())
    assert await stage.hear(event) == []

    await stage.send()

    mail = await stage.mail()
    assert mail["state"] == "sent"
    assert mail["evidence"] == "DATA: 250 queued as 42"
    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.state, settled.version, settled.job_id) == ("sent", 1, event.job_id)
    assert (settled.run, settled.ladder, settled.kind) == (1, 1, "process")
    [message] = server.messages()
    assert message["Message-ID"] == mail["message_id"]
    assert await stage.attempts() == [("DATA", 250, "queued as 42", "sent")]


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA", "DOT"])
async def test_a_refusal_for_now_at_any_verb_is_tried_again_with_the_same_message_id(
    stage: Stage, server: MailServer, verb: str
):
    server.answer(verb, "421 4.3.2 come back later")
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()

    waiting = await stage.mail()
    assert (waiting["state"], waiting["version"], waiting["tries"]) == ("pending", 0, 1)
    [progress] = await stage.said()
    assert isinstance(progress, StepProgressed)
    assert (progress.step, progress.state) == ("mail", "waiting")
    assert progress.next_try_at == waiting["next_try_at"]
    assert "421 4.3.2 not now" in progress.note
    assert server.taken == []

    await stage.later(timedelta(minutes=6))
    await stage.send()
    assert (await stage.mail())["state"] == "sent"
    assert server.messages()[0]["Message-ID"] == waiting["message_id"]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
async def test_a_refusal_for_good_fails_the_mail_with_the_servers_words(
    stage: Stage, server: MailServer, verb: str
):
    server.answer(verb, "550 5.1.1 no such user")
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()

    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert settled.state == "failed"
    said_at = "DATA" if verb == "DOT" else verb
    assert settled.evidence == f"{said_at}: 550 5.1.1 the recipient is refused"
    assert await stage.attempts() == [(said_at, 550, "5.1.1 no such user", "failed")]
    await stage.later(DAY)
    await stage.send()
    assert server.taken == []


@pytest.mark.parametrize("code", [450, 550])
async def test_events_do_not_repeat_whom_the_server_names(
    stage: Stage, server: MailServer, code: int
):
    server.answer("RCPT", f"{code} 5.1.1 <jo@agence.test> Jo is not here")
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()

    assert "jo@agence.test" in (await stage.mail())["evidence"]
    [said] = await stage.own.fetch("select payload from outbox")
    assert f"RCPT: {code} 5.1.1 ".encode() in said["payload"]
    assert b"agence.test" not in said["payload"]
    assert b"Jo" not in said["payload"]


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT"])
async def test_a_connection_lost_before_data_leaves_no_doubt(
    stage: Stage, server: MailServer, verb: str
):
    server.answer(verb, DROP)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()
    assert (await stage.mail())["state"] == "pending"

    await stage.later(timedelta(minutes=1))
    await stage.send()
    assert (await stage.mail())["state"] == "sent"
    assert len(server.taken) == 1


@pytest.mark.parametrize("verb", ["DATA", "DOT"])
@pytest.mark.parametrize("fate", [DROP, STALL])
async def test_a_connection_lost_from_data_on_is_a_doubt_that_nobody_resends(
    stage: Stage, server: MailServer, verb: str, fate: str
):
    server.answer(verb, fate)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send(stage.session(data_seconds=0.3))

    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert settled.state == "unknown"
    assert settled.evidence.startswith("DATA: ")
    [(said_at, code, _, outcome)] = await stage.attempts()
    assert (said_at, code, outcome) == ("DATA", None, "unknown")
    taken = len(server.taken)
    await stage.later(2 * DAY)
    await stage.send()
    assert len(server.taken) == taken


async def test_a_stall_before_data_is_tried_again(stage: Stage, server: MailServer):
    server.answer("RCPT", STALL)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send(stage.session(other_seconds=0.3))

    assert (await stage.mail())["state"] == "pending"


@pytest.mark.parametrize("answer", ["500 what?", "421 too long", DROP, STALL])
async def test_trouble_at_quit_changes_nothing(stage: Stage, server: MailServer, answer: str):
    server.answer("QUIT", answer)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send(stage.session(other_seconds=0.3))

    assert (await stage.mail())["state"] == "sent"
    assert [event.state for event in await stage.said() if isinstance(event, MailSettled)] == [
        "sent"
    ]


async def test_a_mail_refused_for_a_day_fails(stage: Stage, server: MailServer):
    server.answer("RCPT", *["451 greylisted"] * 20)
    await stage.hear(await stage.job(await stage.client()))
    tries = 0
    while (await stage.mail())["state"] == "pending":
        await stage.send()
        tries += 1
        due_at = (await stage.mail())["next_try_at"]
        if due_at:
            now = await stage.own.fetchval("select public.clock()")
            await stage.later(due_at - now)

    mail = await stage.mail()
    assert mail["state"] == "failed"
    assert mail["updated_at"] - mail["created_at"] >= DAY
    assert mail["updated_at"] - mail["created_at"] < DAY + timedelta(minutes=1)
    assert 6 <= tries <= 12
    assert len(await stage.attempts()) == tries


async def test_a_configuration_refused_pauses_the_sender_and_blames_no_mail(
    stage: Stage, server: MailServer
):
    server.answer("MAIL", "530 authenticate first")
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id), await stage.job(client_id))

    pauses = await stage.send()

    assert pauses == 1
    assert server.seen.count("MAIL") == 1
    assert {row["state"] for row in await stage.own.fetch("select state from mail")} == {"pending"}
    await stage.later(timedelta(minutes=2))
    await stage.send()
    assert len(server.taken) == 2


async def test_a_server_that_is_away_makes_mails_wait_and_lose_nothing(
    stage: Stage, server: MailServer
):
    session = stage.session()
    port, server.port = server.port, 1
    await stage.hear(await stage.job(await stage.client()))
    assert await stage.send(stage.session()) == 1
    assert (await stage.mail())["evidence"].startswith("CONNECT: ")

    server.port = port
    await stage.later(timedelta(seconds=10))
    await stage.send(session)
    assert (await stage.mail())["state"] == "sent"


@pytest.mark.parametrize("answer", [DROP, "421 idle for too long"])
async def test_a_rested_connection_that_is_gone_costs_no_try(
    stage: Stage, server: MailServer, answer: str
):
    session, desk = stage.session(), stage.desk()
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id))
    await send_batch(desk=desk, session=session, compose=COMPOSER)
    server.answer("MAIL", answer)
    await stage.hear(await stage.job(client_id))

    await stage.send(session, desk)

    assert len(server.taken) == server.sessions == 2
    assert await stage.own.fetchval("select max(tries) from mail") == 1


async def test_mails_share_a_connection(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(*[await stage.job(client_id, 1) for _ in range(20)])

    await stage.send()

    assert len(server.taken) == 20
    assert server.sessions == 1


async def test_two_senders_at_once_never_send_a_mail_twice(stage: Stage, server: MailServer):
    client_id = await stage.client()
    await stage.hear(*[await stage.job(client_id, 1) for _ in range(60)])

    await asyncio.gather(*[stage.send() for _ in range(4)])

    ids = [message["Message-ID"] for message in server.messages()]
    assert len(ids) == len(set(ids)) == 60
    assert len(await stage.said()) == 60
