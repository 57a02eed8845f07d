"""What is told when the scheduler looks at the clock."""

import asyncio
from datetime import date, timedelta

import structlog
from structlog.testing import capture_logs

from libs.common.events import PreNotification, SendDay
from services.scheduler.repository import PostgresTicks
from tests.scheduler.looking import NOON, TODAY, events, look, requested, set_clock
from tests.support.database import Database


async def test_a_day_is_emitted_once_however_often_it_is_looked_at(database: Database):
    connection = await database.connect("scheduler")
    await set_clock(database, NOON)

    waits = [await look(connection) for _ in range(3)]

    assert await events(connection) == [PreNotification(due_on=TODAY), SendDay(due_on=TODAY)]
    assert all(20 * 3600 < wait <= 21 * 3600 for wait in waits)


async def test_any_number_of_schedulers_emits_each_tick_once(database: Database):
    connections = [await database.connect("scheduler") for _ in range(5)]
    await set_clock(database, NOON)
    await look(connections[0])
    await database.advance(timedelta(days=10))

    await asyncio.gather(*(look(connection) for connection in connections))

    told = await events(connections[0])
    assert [event.due_on for event in told if isinstance(event, SendDay)] == [
        TODAY,
        *(date(2026, 11, day) for day in range(24, 31)),
        date(2026, 12, 1),
    ]
    reader = await database.connect("gateway")
    missed = await reader.fetch(
        "select kind, due_on, late from scheduler.tick_overview where state = 'missed'"
    )
    assert {(row["kind"], row["due_on"].day, row["late"]) for row in missed} == {
        (kind, day, True) for kind in ("send_day", "pre_notification") for day in (22, 23)
    }


async def test_the_loop_does_not_repeat_what_was_requested_nor_skip_a_day_before_it(
    database: Database,
):
    connection, gateway = await database.connect("scheduler"), await database.connect("gateway")
    await set_clock(database, NOON)
    await look(connection)
    await database.advance(timedelta(days=2))
    await requested(gateway, "send_day", TODAY + timedelta(2))

    await look(connection)
    await look(connection)

    told = [event.due_on.day for event in await events(connection) if isinstance(event, SendDay)]
    assert told == [21, 23, 22]
    assert await PostgresTicks(connection).last() == dict.fromkeys(
        ("pre_notification", "send_day"), TODAY + timedelta(2)
    )


async def test_each_tick_begins_a_trace_that_its_line_names(database: Database):
    connection = await database.connect("scheduler")
    await set_clock(database, NOON)

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await look(connection)

    rows = await connection.fetch("select headers->>'traceparent' from outbox order by seq")
    told = [line["traceparent"] for line in lines if line["event"] == "tick_emitted"]
    assert told == [row[0] for row in rows]
    assert len(set(told)) == 2
