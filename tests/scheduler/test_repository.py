"""Ticks in the database: once each, with their events, whoever makes them."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from libs.common.events import PreNotification, SendDay
from services.scheduler.domain import due_ticks
from services.scheduler.repository import PostgresTicks
from tests.scheduler.looking import NINE, NOON, TODAY, events, look, requested, set_clock
from tests.support.database import Database


async def test_a_scheduler_that_dies_before_its_commit_leaves_the_tick_to_the_next(
    database: Database,
):
    dying, next_one = [await database.connect("scheduler") for _ in range(2)]
    await set_clock(database, NOON)
    await dying.execute("begin")
    ticks = PostgresTicks(dying)
    await ticks.record(due_ticks({}, NOON, NINE))
    dying.terminate()

    await look(next_one)

    assert len(await events(next_one)) == 2


async def test_a_tick_by_hand_is_new_once_and_then_exists(database: Database):
    gateway = await database.connect("gateway")
    await set_clock(database, NOON)

    first = await requested(gateway, "send_day", TODAY)
    again = await requested(gateway, "send_day", TODAY)
    await requested(gateway, "pre_notification", TODAY - timedelta(1))

    assert (first["result"], again["result"]) == ("new", "exists")
    assert first["created_at"] == again["created_at"]
    assert await events(await database.connect("scheduler")) == [
        SendDay(due_on=TODAY, late=False),
        PreNotification(due_on=TODAY - timedelta(1), late=True),
    ]


async def test_two_requests_at_once_emit_once(database: Database):
    gateways = [await database.connect("gateway") for _ in range(4)]

    rows = await asyncio.gather(*(requested(each, "send_day", TODAY) for each in gateways))

    assert sorted(row["result"] for row in rows) == ["exists", "exists", "exists", "new"]
    assert len(await events(await database.connect("scheduler"))) == 1


async def test_only_known_kinds_can_be_requested(database: Database):
    with pytest.raises(asyncpg.CheckViolationError):
        await requested(await database.connect("gateway"), "bogus", TODAY)


@pytest.mark.parametrize("role", ["notifier", "assigner", "scraper"])
async def test_nobody_but_the_gateway_may_ask_for_a_tick(database: Database, role: str):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await requested(await database.connect(role), "send_day", TODAY)
