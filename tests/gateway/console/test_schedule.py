"""The month as the console shows it, and a day run by hand."""

import time
from datetime import date, timedelta
from uuid import UUID

import pytest

from libs.common.postgres import Connection
from services.gateway.repository import calendar
from tests.gateway.console.conftest import Console

DAY = timedelta(days=1)
SCHEDULE = "/console/schedule"

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
    (row,) = await conn.fetch("select (public.clock() at time zone 'Europe/Paris')::date as day")
    return row["day"]


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


async def client_due(admin: Connection, day: date, email: str = "a@example.org") -> UUID:
    """A client who joined long ago and whose day it is."""
    (row,) = await admin.fetch(
        """insert into gateway.client (first_name, last_name, email, subscription_type, send_day,
             chosen_cities, property_type_preferences, active_since)
           values ('Ada', '<i>Martin</i>', $1, 'pro', $2, '{01053}', '{house}', '2020-01-01')
           returning id""",
        email,
        day.day,
    )
    return row["id"]


async def test_a_dry_run_tells_whom_it_concerns_and_does_nothing(
    console: Console, admin: Connection, today: date
) -> None:
    client_id = await client_due(admin, today)
    page = (await console.get(f"{SCHEDULE}?kind=send_day&day={today}")).text
    assert "1 client would be delivered" in page
    assert f'href="/console/clients/{client_id}">Ada &lt;i&gt;Martin' in page
    assert 'action="/console/schedule/run"' in page
    assert await admin.fetchval("select count(*) from scheduler.tick") == 0


async def test_a_real_run_asks_and_a_second_is_told_already(
    console: Console, admin: Connection, today: date
) -> None:
    form = {"kind": "send_day", "day": str(today)}
    unasked = await console.follow(await console.post(f"{SCHEDULE}/run", form))
    assert "nothing was done" in unasked
    assert await admin.fetchval("select count(*) from scheduler.tick") == 0

    done = await console.follow(
        await console.post(f"{SCHEDULE}/run", {**form, "confirmation": str(today)})
    )
    assert "It is under way" in done
    assert "Already run at" in done
    assert 'action="/console/schedule/run"' not in done
    await console.post(f"{SCHEDULE}/run", {**form, "confirmation": str(today)})
    assert await admin.fetchval("select count(*) from scheduler.tick") == 1
    actions = await admin.fetch("select target from gateway.audit where action = 'schedule.run'")
    assert {row["target"] for row in actions} == {f"send_day/{today}"}


@pytest.mark.parametrize("days, said", [(1, "has not come yet"), (-30, "Too long ago")])
async def test_a_day_that_cannot_be_run_says_why(
    console: Console, today: date, days: int, said: str
) -> None:
    day = today + days * DAY
    page = (await console.get(f"{SCHEDULE}?kind=pre_notification&day={day}")).text
    assert said in page
    assert 'action="/console/schedule/run"' not in page
    form = {"kind": "pre_notification", "day": str(day), "confirmation": str(day)}
    refused = await console.follow(await console.post(f"{SCHEDULE}/run", form))
    assert "This day cannot be run" in refused


async def test_the_month_shows_each_day_with_its_state(
    console: Console, admin: Connection, today: date
) -> None:
    await client_due(admin, today)
    page = (await console.get(SCHEDULE)).text
    assert page.count('class="day') == (first_of_next(today) - DAY).day
    cell = page[page.index('aria-current="date"') :]
    assert "Deliveries: 1" in cell[:600]
    assert "due" in cell[:800]


@pytest.mark.parametrize(
    "month, said",
    [
        ("2027-03", "Clocks go forward"),
        ("2026-10", "Clocks go back"),
        ("2027-02", "Serves the clients of day 29, 30, 31 too"),
        ("2028-02", "Serves the clients of day 30, 31 too"),
        ("2026-11", "Serves the clients of day 31 too"),
    ],
)
async def test_days_that_are_special_say_so(console: Console, month: str, said: str) -> None:
    page = (await console.get(f"{SCHEDULE}?month={month}")).text
    assert page.count(said) == 1
    assert "Clocks go" not in (await console.get(f"{SCHEDULE}?month=2027-01")).text


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=x", "day=2026-02-30", "month=1999-12", "kind=x", "day=9999-12-31"],
)
async def test_what_is_no_day_of_ours_is_refused(console: Console, query: str) -> None:
    assert (await console.get(f"{SCHEDULE}?{query}")).status_code == 422


async def test_a_failed_delivery_leads_to_its_job(
    console: Console, admin: Connection, today: date
) -> None:
    client_id = await client_due(admin, today)
    job_id = await admin.fetchval(
        """with made as (
             insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds, status,
                                      error_message)
             values ($1, 'scheduled', 1, $2, 1, '{01053}', '{house}', 'failed', '<b>no source</b>')
             returning id
           )
           insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
           select $1, date_trunc('month', $2::timestamp)::date, $2, id, false from made
           returning job_id""",
        client_id,
        today,
    )
    page = (await console.get(SCHEDULE)).text
    assert f'href="/console/jobs/{job_id}"' in page
    assert "&lt;b&gt;no source" in page
    assert "1 undelivered" in page


def first_of_next(day: date) -> date:
    return (day.replace(day=1) + 31 * DAY).replace(day=1)
