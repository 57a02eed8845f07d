"""Mails whose sender has died, stopped, or lost the database."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from libs.common.events import MailSettled
from services.notifier.domain.delivery import Reply, decide
from services.notifier.handlers.loop import run_sender
from services.notifier.repository.leases import look_after
from tests.notifier.mail_server import STALL, MailServer
from tests.notifier.stage import COMPOSER, Stage
from tests.support.smtp import Conversation

END_THE_WAITING = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where usename = 'notifier' and wait_event_type = 'Lock'
"""
EXPIRED = timedelta(seconds=31)


async def test_what_a_dead_sender_was_handing_over_is_in_doubt(stage: Stage, server: MailServer):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    assert await desk.hand_over(draft, COMPOSER(draft))

    await look_after(stage.own, [], stage.relay)
    assert (await stage.mail())["state"] == "handing_off"

    await stage.later(EXPIRED)
    await look_after(stage.own, [], stage.relay)
    [settled] = await stage.said()
    assert isinstance(settled, MailSettled)
    assert (settled.state, settled.version) == ("unknown", 1)
    await stage.send()
    assert server.taken == []


async def test_what_a_dead_sender_had_only_claimed_is_sent_by_another(
    stage: Stage, server: MailServer
):
    await stage.hear(await stage.job(await stage.client()))
    dead = stage.desk()
    [draft] = await dead.claim()
    await stage.send()
    assert server.taken == []

    await stage.later(EXPIRED)
    await look_after(stage.own, [], stage.relay)
    await stage.send()

    assert len(server.taken) == 1
    assert not await dead.hand_over(draft, COMPOSER(draft))


async def test_a_living_senders_lease_is_renewed(stage: Stage):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))

    await stage.later(EXPIRED)
    await look_after(stage.own, [desk], stage.relay)

    assert (await stage.mail())["state"] == "handing_off"


async def test_a_late_250_of_the_fences_holder_ends_the_doubt(stage: Stage):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))
    await stage.later(EXPIRED)
    await look_after(stage.own, [], stage.relay)

    await desk.settle(draft.mail, decide(Reply("DATA", 250, "OK"), 0))
    await desk.settle(draft.mail, decide(Reply("DATA", 250, "OK"), 0))

    said = [(event.state, event.version) for event in await stage.said()]  # type: ignore[attr-defined]
    assert said == [("unknown", 1), ("sent", 2)]


async def test_a_late_refusal_does_not_resend_what_is_in_doubt(stage: Stage):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))
    await stage.later(EXPIRED)
    await look_after(stage.own, [], stage.relay)

    await desk.settle(draft.mail, decide(Reply("DATA", 451, "later"), 0))

    assert (await stage.mail())["state"] == "unknown"


async def test_an_outcome_outlives_the_loss_of_the_database(stage: Stage, server: MailServer):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    await desk.hand_over(draft, COMPOSER(draft))
    await stage.admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where usename = 'notifier' and pid <> $1",
        stage.own.get_server_pid(),
    )

    await desk.settle(draft.mail, decide(Reply("DATA", 250, "OK"), 0))

    assert (await stage.mail())["state"] == "sent"


async def test_without_a_stored_promise_nothing_is_handed_over(stage: Stage, server: MailServer):
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    [draft] = await desk.claim()
    async with stage.admin.transaction():
        await stage.admin.execute("select from notifier.mail for update")
        promise = asyncio.create_task(desk.hand_over(draft, COMPOSER(draft)))
        while not await stage.own.fetchval(END_THE_WAITING):  # noqa: ASYNC110 - the lock is elsewhere
            await asyncio.sleep(0.01)
    assert not await promise

    await desk.put_back([draft.mail])
    await stage.send()

    assert len(server.taken) == 1
    assert (await stage.mail())["tries"] == 1


async def test_a_sender_told_to_stop_finishes_the_mail_in_hand_and_frees_the_others(
    stage: Stage, server: MailServer
):
    client_id = await stage.client()
    await stage.hear(*[await stage.job(client_id, 1) for _ in range(5)])
    in_hand, go_on = asyncio.Event(), asyncio.Event()
    usual = server.take

    async def slow(conversation: Conversation, content: bytes) -> None:
        in_hand.set()
        await go_on.wait()
        await usual(conversation, content)

    server.take = slow
    sender = asyncio.create_task(
        run_sender(desk=stage.desk(), session=stage.session(), compose=COMPOSER, wake=stage.asked)
    )
    await in_hand.wait()

    sender.cancel()
    go_on.set()
    with contextlib.suppress(asyncio.CancelledError):
        await sender

    states = [
        row["state"] for row in await stage.own.fetch("select state from mail order by state")
    ]
    assert states == ["pending"] * 4 + ["sent"]


async def test_a_sender_wakes_when_a_mail_is_asked_for(stage: Stage, server: MailServer):
    sender = asyncio.create_task(
        run_sender(desk=stage.desk(), session=stage.session(), compose=COMPOSER, wake=stage.asked)
    )
    await stage.hear(await stage.job(await stage.client()))

    await server.until(1)

    sender.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sender


async def test_a_sender_survives_a_server_that_stalls(stage: Stage, server: MailServer):
    server.answer("MAIL", STALL)
    client_id = await stage.client()
    await stage.hear(await stage.job(client_id), await stage.job(client_id))

    await stage.send(stage.session(other_seconds=0.3))

    assert len(server.taken) == 1
