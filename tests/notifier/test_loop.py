"""A sender outlives whatever meets it, and harms no mail that is not at fault."""

import asyncio

import asyncpg
import pytest

from libs.common.events import MailSettled
from services.notifier.handlers.loop import _pause_seconds, _woken, run_sender
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import COMPOSER, Stage
from tests.support.smtp import Conversation

REFUSE_ONE = """
    create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'no room for this one'; end $$;
    create trigger refuse before insert on notifier.mail_content
    for each row when (new.recipient like 'poison%') execute function refuse();
"""


async def test_a_mail_whose_promise_cannot_be_stored_waits_and_harms_no_other(
    stage: Stage, server: MailServer
):
    await stage.admin.execute(REFUSE_ONE)
    poison = await stage.job(await stage.client(email="poison@agence.test"))
    await stage.hear(poison)
    await stage.hear(await stage.job(await stage.client()))

    await stage.send()

    states = await stage.own.fetch("select state, tries from mail order by created_at")
    assert [tuple(row) for row in states] == [("pending", 1), ("sent", 1)]
    assert len(server.taken) == 1
    [settled] = [event for event in await stage.said() if isinstance(event, MailSettled)]
    assert settled.state == "sent"


async def test_a_claim_that_breaks_leaves_its_connection_behind(stage: Stage):
    await stage.admin.execute("alter view assigner.delivered rename to away")
    await stage.hear(await stage.job(await stage.client()))
    desk = stage.desk()
    with pytest.raises(asyncpg.UndefinedTableError):
        await desk.claim()
    assert desk._connection is None
    await stage.admin.execute("alter view assigner.away rename to delivered")


@pytest.mark.parametrize("times, seconds", [(1, 1), (2, 2), (6, 32), (7, 60), (100_000, 60)])
def test_pauses_grow_to_a_minute_and_no_further(times: int, seconds: float):
    assert _pause_seconds(times) == seconds


async def test_a_sender_told_to_stop_while_it_is_woken_stops():
    wake = asyncio.Event()
    waiting = asyncio.create_task(_woken(wake, 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    wake.set()
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_sender_told_to_stop_hands_over_nothing_that_is_not_promised(
    stage: Stage, server: MailServer
):
    await stage.hear(await stage.job(await stage.client()))
    offered, go_on = asyncio.Event(), asyncio.Event()
    reply = server.reply

    async def slow(conversation: Conversation, verb: str, usual: str) -> str:
        if verb == "RCPT":
            offered.set()
            await go_on.wait()
        return await reply(conversation, verb, usual)

    server.reply = slow
    sender = asyncio.create_task(
        run_sender(desk=stage.desk(), session=stage.session(), compose=COMPOSER, wake=stage.asked)
    )
    await offered.wait()

    sender.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sender

    assert (await stage.mail())["state"] == "pending"
    assert server.taken == []
