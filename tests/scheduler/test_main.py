"""The loop on the database's clock."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta

from services.scheduler.main import tick_for_ever
from services.scheduler.settings import SchedulerSettings
from tests.scheduler.looking import set_clock
from tests.support.database import Database

EIGHT = datetime(2026, 11, 21, 7, tzinfo=UTC)
NINE = EIGHT + timedelta(hours=1)


@asynccontextmanager
async def ticking(url: str, wake: asyncio.Event) -> AsyncGenerator[None]:
    settings = SchedulerSettings(database_url=url, kafka_bootstrap_servers="kafka:9092")
    loop = asyncio.create_task(tick_for_ever(settings, wake, poll_seconds=0.02))
    try:
        yield
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):  # as asked
            await loop


async def test_the_day_is_emitted_when_the_clock_says_so_and_the_relay_is_woken(
    database: Database,
):
    await set_clock(database, EIGHT)
    wake, admin = asyncio.Event(), await database.connect()
    async with ticking(database.url("scheduler"), wake):
        await database.advance(timedelta(hours=1))
        # An open session keeps its clock; after a restart of PostgreSQL the loop comes back.
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'scheduler'"
        )
        await asyncio.wait_for(wake.wait(), 10)

    rows = await admin.fetch(
        "select kind, due_on, late, created_at >= $1 from scheduler.tick", NINE
    )
    assert sorted(rows) == [
        ("pre_notification", date(2026, 11, 21), False, True),
        ("send_day", date(2026, 11, 21), False, True),
    ]


async def test_the_loop_waits_for_its_table(database: Database):
    wake, admin = asyncio.Event(), await database.connect()
    await admin.execute("alter table scheduler.tick rename to not_yet")
    await set_clock(database, NINE)
    async with ticking(database.url("scheduler"), wake):
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), 0.3)
        await admin.execute("alter table scheduler.not_yet rename to tick")
        await asyncio.wait_for(wake.wait(), 10)
    assert await admin.fetchval("select count(*) from scheduler.tick where state = 'emitted'")
