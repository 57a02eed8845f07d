"""What an operator may do about a held message, the same in every schema."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.support.database import Database

SERVICES = ("gateway", "scraper", "assigner", "notifier", "scheduler")

HOLD = """
    insert into {}.held_message
      (consumer, topic, partition, "offset", headers, raw, raw_sha256, reason, error, attempts,
       state, next_attempt_at)
    values ($1, 'client.erased', 0, 1, '[]', '\\x00ff', '', 'Bad', 'Bad: no', 4, $2,
            case when $2 = 'waiting' then public.clock() + interval '15 minutes' end)
    returning id
"""


HELD = "select state, attempts, replays, next_attempt_at <= public.clock() from {}.held_message"
SHOWN = "select raw from {}.held where id = $1"


async def hold(admin: Any, service: str, state: str) -> Any:
    return await admin.fetchval(HOLD.format(service), service, state)


async def row(admin: Any, service: str) -> Any:
    return await admin.fetchrow(HELD.format(service))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_dead_letter_is_due_at_once_on_a_new_ladder(database: Database, service: str):
    admin, gateway = await database.connect(), await database.connect("gateway")
    dead = await hold(admin, service, "dead")
    replay = f"select {service}.replay_held($1)"

    assert await gateway.fetchval(replay, dead) == "dead"
    assert tuple(await row(admin, service)) == ("waiting", 0, 1, True)
    assert await gateway.fetchval(replay, dead) == "waiting"
    assert tuple(await row(admin, service)) == ("waiting", 0, 1, True)
    assert await gateway.fetchval(SHOWN.format(service), dead) == b"\0\xff"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("state", ["dead", "waiting"])
async def test_a_message_laid_aside_is_never_tried_again(
    database: Database, service: str, state: str
):
    admin, gateway = await database.connect(), await database.connect("gateway")
    held = await hold(admin, service, state)
    discard, replay = f"select {service}.discard_held($1)", f"select {service}.replay_held($1)"

    assert await gateway.fetchval(discard, held) == state
    assert await gateway.fetchval(discard, held) == "discarded"
    assert await gateway.fetchval(replay, held) == "discarded"
    assert tuple(await row(admin, service)) == ("discarded", 4, 0, None)


@pytest.mark.parametrize("function", ["replay_held", "discard_held"])
async def test_what_is_done_stays_done_and_what_is_not_there_is_said(
    database: Database, function: str
):
    admin, gateway = await database.connect(), await database.connect("gateway")
    done = await hold(admin, "notifier", "done")

    assert await gateway.fetchval(f"select notifier.{function}($1)", done) == "done"
    assert await gateway.fetchval(f"select notifier.{function}($1)", uuid4()) is None
    assert tuple(await row(admin, "notifier")) == ("done", 4, 0, None)


@pytest.mark.parametrize("function", ["replay_held", "discard_held"])
async def test_nobody_waits_for_a_message_that_is_being_tried(database: Database, function: str):
    admin, gateway = await database.connect(), await database.connect("gateway")
    held = await hold(admin, "assigner", "waiting")
    async with admin.transaction():
        await admin.execute("select from assigner.held_message for update")
        async with asyncio.timeout(5):
            assert await gateway.fetchval(f"select assigner.{function}($1)", held) == "busy"


async def test_only_the_gateway_may_decide_for_others(database: Database):
    scraper = await database.connect("scraper")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await scraper.fetchval("select notifier.replay_held($1)", uuid4())


async def test_many_replays_at_once_are_one(database: Database):
    admin = await database.connect()
    dead = await hold(admin, "notifier", "dead")
    pool = await database.pool("gateway")
    ask = "select notifier.replay_held($1)"

    found = await asyncio.gather(*(pool.fetchval(ask, dead) for _ in range(20)))

    assert sorted(found) == ["dead", *["waiting"] * 19]
    await database.advance(timedelta(days=1))
    assert tuple(await row(admin, "notifier")) == ("waiting", 0, 1, True)
