"""A send day starts one job for each client who is due."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

import structlog.testing

from libs.common import outbox
from libs.common.envelope import Received
from libs.common.events import SendDay
from libs.common.postgres import Connection
from services.gateway.handlers.schedule import send_day
from services.gateway.repository import schedule
from tests.gateway.conftest import NewClient, Published
from tests.support.database import Database

TENTH = date(2026, 11, 10)

MANY = """
    insert into client (first_name, last_name, email, subscription_type, send_day,
      chosen_cities, property_type_preferences, active_since)
    select 'A', 'B', n || '@example.org', 'pro', 10, '{01053}', '{house}', '2026-01-01'
    from generate_series(1, $1::int) n
"""


async def tick(conn: Connection, *days: date, late: bool = False) -> None:
    received: Sequence[Received[Any]] = [
        Received(uuid4(), SendDay(due_on=due_on, late=late)) for due_on in days
    ]
    async with outbox.transaction(conn) as emit:
        await send_day(conn, received, emit, schedule=schedule, catch_up_days=7, seed=lambda: 42)


async def ticks(conn: Connection) -> list[tuple[date, int]]:
    rows = await conn.fetch("select due_on, clients from tick_handled order by due_on")
    return [(row["due_on"], row["clients"]) for row in rows]


async def test_who_is_due_gets_a_job_of_the_schedule(
    conn: Connection, new_client: NewClient, published: Published
) -> None:
    due = {await new_client(send_day=10), await new_client(send_day=10)}
    await new_client(send_day=11)
    await new_client(send_day=10, status="inactive")
    await tick(conn, TENTH)
    jobs = await conn.fetch("select * from job order by id")
    assert {job["client_id"] for job in jobs} == due
    assert {job["kind"] for job in jobs} == {"scheduled"}
    assert len({job["seed"] for job in jobs}) == 2
    today = await conn.fetchval("select (public.clock() at time zone 'Europe/Paris')::date")
    assert {job["as_of"] for job in jobs} == {today}
    events = {event["job_id"]: event for event in await published("client.process")}
    assert {job["id"]: job["seed"] for job in jobs} == {
        job["id"]: events[str(job["id"])]["seed"] for job in jobs
    }
    states = await conn.fetch("select job_id, step, state from movement order by job_id")
    assert [tuple(row) for row in states] == [(job["id"], "scrape", "running") for job in jobs]
    assert await ticks(conn) == [(TENTH, 2)]


async def test_a_delivery_is_of_the_clients_own_day_and_month(
    conn: Connection, new_client: NewClient
) -> None:
    await new_client(send_day=31, active_since=date(2026, 10, 31))
    await tick(conn, date(2026, 11, 1))
    row = await conn.fetchrow("select month, due_on, late from monthly_delivery")
    assert row is not None
    assert tuple(row) == (date(2026, 10, 1), date(2026, 10, 31), True)


async def test_a_late_tick_makes_late_deliveries(conn: Connection, new_client: NewClient) -> None:
    await new_client(send_day=10)
    await tick(conn, TENTH, late=True)
    assert await conn.fetchval("select late from monthly_delivery")


async def test_a_repeated_tick_changes_nothing(
    conn: Connection, new_client: NewClient, published: Published
) -> None:
    await new_client(send_day=10)
    await tick(conn, TENTH, TENTH)
    await new_client(send_day=10)
    await tick(conn, TENTH, late=True)
    assert await ticks(conn) == [(TENTH, 1)]
    assert len(await published("client.process")) == 1


async def test_ticks_caught_up_are_handled_from_the_oldest(
    conn: Connection, new_client: NewClient
) -> None:
    for own_day in (9, 10, 11):
        await new_client(send_day=own_day)
    await tick(conn, date(2026, 11, 11), date(2026, 11, 9), TENTH, late=True)
    assert [clients for _, clients in await ticks(conn)] == [1, 1, 1]


async def test_two_gateways_serve_a_tick_once(database: Database, new_client: NewClient) -> None:
    for _ in range(5):
        await new_client(send_day=10)
    gateways = [await database.connect("gateway") for _ in range(3)]
    await asyncio.gather(*(tick(gateway, TENTH) for gateway in gateways))
    assert await gateways[0].fetchval("select count(*) from job") == 5


async def test_two_thousand_clients_are_one_statement(
    conn: Connection, published: Published
) -> None:
    await conn.execute(MANY, 2_000)
    async with asyncio.timeout(20):
        await tick(conn, TENTH)
    assert await ticks(conn) == [(TENTH, 2_000)]
    assert len(await published("client.process")) == 2_000


async def test_whose_day_passed_beyond_reach_raises_an_alarm(
    conn: Connection, new_client: NewClient
) -> None:
    await new_client(send_day=20)
    with structlog.testing.capture_logs() as logs:
        await tick(conn, TENTH)
    assert {"event": "deliveries_missed", "clients": 1} in [
        {key: entry.get(key) for key in ("event", "clients")} for entry in logs
    ]
