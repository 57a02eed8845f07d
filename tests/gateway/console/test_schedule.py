"""The month as the console shows it, and a day run by hand."""

import time
from datetime import date, timedelta

import pytest

from libs.common.postgres import Connection
from services.gateway.repository import calendar

DAY = timedelta(days=1)

CLIENTS = """
    select setseed(0.5);
    insert into gateway.client (first_name, last_name, email, subscription_type, send_day, chosen_cities,
      property_type_preferences, active_since, status)
    select 'A', 'B', 'a' || n || '@example.org', 'pro', 1 + n %% 31, '{01053}', '{house}',
           (public.clock() - random() * interval '300 days')::date,
           case when n %% 20 = 0 then 'inactive' else 'active' end
    from generate_series(1, %d) n;
    with today as (select (public.clock() at time zone 'Europe/Paris')::date as day)
    insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
    select c.id, m::date, e.day, gen_random_uuid(), false
    from today
    cross join gateway.client c
    cross join generate_series(date_trunc('month', today.day::timestamp) - interval '%d months',
                               date_trunc('month', today.day::timestamp), interval '1 month') m
    cross join lateral (
      select least(m::date + c.send_day - 1, (m + interval '1 month - 1 day')::date) as day) e
    where e.day < today.day and e.day >= c.active_since and random() < 0.8;
    insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds, status)
    select job_id, client_id, 'scheduled', 10, due_on, 1, '{01053}', '{house}', 'completed'
    from gateway.monthly_delivery;
    insert into scheduler.tick (kind, due_on, state, late)
    select kind, (public.clock() at time zone 'Europe/Paris')::date - n,
           case when n %% 7 = 3 then 'missed' else 'emitted' end, n %% 7 = 3
    from unnest(array['send_day', 'pre_notification']) kind, generate_series(0, 40) n;
    analyze gateway.client; analyze gateway.monthly_delivery; analyze gateway.job;
"""

WHO = """
    select count(*) as all_due, count(*) filter (where effective_day = $1) as own_due
    from gateway.due_clients($1, (public.clock() at time zone 'Europe/Paris')::date, $2)
"""


@pytest.fixture
async def today(conn: Connection) -> date:
    day: date = await conn.fetchval("select (public.clock() at time zone 'Europe/Paris')::date")
    return day


@pytest.mark.parametrize("catch_up_days", [0, 7, 40])
async def test_a_day_counts_those_whom_its_tick_would_serve(
    admin: Connection, conn: Connection, today: date, catch_up_days: int
) -> None:
    await admin.execute(CLIENTS % (300, 4))
    shown = await calendar.days(conn, today - 40 * DAY, today + 21 * DAY, catch_up_days)

    for tick in shown:
        day = tick.due_on + (tick.kind == "pre_notification") * DAY
        row = await conn.fetchrow(WHO, day, catch_up_days)
        assert row is not None
        served = await conn.fetchval("select count(*) from monthly_delivery where due_on = $1", day)
        due = tick.state == "due"
        assert tick.clients == (row["all_due"] if due else row["own_due"] + served), tick
    assert {tick.state for tick in shown} == {"due", "late", "missed"}


async def test_a_month_of_ten_thousand_clients_is_told_in_no_time(
    admin: Connection, conn: Connection, today: date
) -> None:
    await admin.execute(CLIENTS % (10_000, 12))
    first = today.replace(day=1)
    took: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        await calendar.days(conn, first, first + 30 * DAY, 7)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.4, took  # 0.04 s where nothing else runs
