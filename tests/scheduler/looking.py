"""A scheduler that looks once at the clock, an operator who asks, and what was told."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from libs.common.events import EVENTS
from libs.common.outbox import transaction
from libs.common.postgres import Connection
from services.scheduler.domain import Timetable
from services.scheduler.handlers import emit_due_ticks
from services.scheduler.repository import PostgresTicks
from tests.support.database import Database

NINE = Timetable(at=time(9), zone=ZoneInfo("Europe/Paris"), catch_up_days=7)
NOON = datetime(2026, 11, 21, 11, tzinfo=UTC)
TODAY = NOON.date()


async def set_clock(database: Database, to: datetime) -> None:
    admin = await database.connect()
    now: Any = await admin.fetchval("select public.clock()")
    await database.advance(to - now)


async def look(connection: Connection) -> float:
    async with transaction(connection) as emit:
        return await emit_due_ticks(ticks=PostgresTicks(connection), emit=emit, timetable=NINE)


async def events(connection: Connection) -> list[Any]:
    rows = await connection.fetch("select topic, key, type, payload from outbox order by seq")
    told = [msgspec.json.decode(row["payload"], type=EVENTS[row["type"]]) for row in rows]
    assert [(event.topic, event.key) for event in told] == [(r["topic"], r["key"]) for r in rows]
    return told


async def requested(connection: Connection, kind: str, due_on: date) -> Any:
    return await connection.fetchrow(
        "select result, created_at from scheduler.request_tick($1, $2)", kind, due_on
    )
