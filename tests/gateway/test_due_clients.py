"""Who is due on a day, case by case."""

from datetime import date, timedelta

import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import NewClient
from tests.support.database import Database

DUE = "select effective_day, month, late from due_clients($1, $2)"
SERVE = """
    insert into monthly_delivery (client_id, month, due_on, job_id, late)
    select client_id, month, effective_day, uuidv7(), late from due_clients($1, $2, $3)
    returning due_on
"""
LONG_AGO = date(2020, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    "send_day, active_since, asked, today, expected",
    [
        # its day, and no other
        (10, "2026-01-01", "2026-11-10", "2026-11-10", "2026-11-10"),
        (10, "2026-01-01", "2026-11-09", "2026-11-09", None),
        # the last day of a short month
        (31, "2026-01-01", "2026-11-30", "2026-11-30", "2026-11-30"),
        (31, "2026-01-01", "2027-02-28", "2027-02-28", "2027-02-28"),
        (30, "2026-01-01", "2028-02-29", "2028-02-29", "2028-02-29"),
        (29, "2026-01-01", "2028-02-29", "2028-02-29", "2028-02-29"),
        (29, "2026-01-01", "2027-02-28", "2027-02-28", "2027-02-28"),
        # a future day sees no latecomers
        (10, "2026-01-01", "2026-11-15", "2026-11-14", None),
        (10, "2026-01-01", "2026-11-15", "2026-11-15", "2026-11-10"),
        (15, "2026-01-01", "2026-11-15", "2026-11-14", "2026-11-15"),
        # joining on the day counts, joining after it does not
        (10, "2026-11-10", "2026-11-10", "2026-11-10", "2026-11-10"),
        (10, "2026-11-10", "2026-11-11", "2026-11-11", "2026-11-10"),
        (10, "2026-11-11", "2026-11-11", "2026-11-11", None),
        # over the end of a month, as far as the catch-up days reach
        (31, "2026-10-31", "2026-11-01", "2026-11-01", "2026-10-31"),
        (25, "2026-10-25", "2026-11-01", "2026-11-01", "2026-10-25"),
        (24, "2026-10-01", "2026-11-01", "2026-11-01", None),
        (31, "2026-12-31", "2027-01-07", "2027-01-07", "2026-12-31"),
        (31, "2026-12-31", "2027-01-08", "2027-01-08", None),
    ],
)
async def test_due_on_its_day_or_late_within_reach(
    conn: Connection,
    new_client: NewClient,
    send_day: int,
    active_since: str,
    asked: str,
    today: str,
    expected: str | None,
) -> None:
    await new_client(send_day=send_day, active_since=day(active_since))
    rows = await conn.fetch(DUE, day(asked), day(today))
    if expected is None:
        assert rows == []
        return
    (row,) = rows
    assert row["effective_day"] == day(expected)
    assert row["month"] == day(expected).replace(day=1)
    assert row["late"] == (expected < asked)


@pytest.mark.parametrize("status", ["inactive", "test", "pending"])
async def test_only_active_clients_are_due(
    conn: Connection, new_client: NewClient, status: str
) -> None:
    await new_client(status=status, send_day=10)
    assert await conn.fetch(DUE, day("2026-11-10"), day("2026-11-10")) == []


async def test_served_is_not_due_again_whatever_day_it_moves_to(
    conn: Connection, new_client: NewClient
) -> None:
    await new_client(send_day=10)
    tenth = day("2026-11-10")
    assert len(await conn.fetch(SERVE, tenth, tenth, 7)) == 1
    for moved_to in (1, 10, 11, 20, 31):
        await conn.execute("update client set send_day = $1", moved_to)
        for later in range(10, 31):
            same_month = day(f"2026-11-{later}")
            assert await conn.fetch(DUE, same_month, same_month) == []


async def test_a_week_of_outage_over_a_months_end_is_made_good(
    conn: Connection, new_client: NewClient
) -> None:
    """The ticks of eight days, caught up in order on the last of them."""
    for send_day in range(1, 32):
        await new_client(send_day=send_day, active_since=LONG_AGO)
    up_to = day("2026-11-25")
    for number in range(31):
        before = up_to - timedelta(30 - number)
        await conn.fetch(SERVE, before, before, 7)
    back = day("2026-12-03")
    served = [
        row["due_on"]
        for number in range(1, 9)
        for row in await conn.fetch(SERVE, up_to + timedelta(number), back, 7)
    ]
    # send_day 30 and 31 share the last day of November
    days = [up_to + timedelta(number) for number in range(1, 9)]
    assert sorted(served) == sorted([*days, day("2026-11-30")])


async def test_the_notifier_may_ask_and_nothing_else(
    database: Database, new_client: NewClient
) -> None:
    await new_client(send_day=10)
    notifier = await database.connect("notifier")
    statement = "select client_id from gateway.due_clients($1, $1)"
    assert len(await notifier.fetch(statement, day("2026-11-10"))) == 1
    assert len(await notifier.fetch("select first_delivery_on from gateway.client_contact")) == 1
    for table in ("client", "job", "movement", "monthly_delivery", "tick_handled"):
        with pytest.raises(Exception, match="permission denied"):
            await notifier.fetch(f"select from gateway.{table}")


async def test_a_table_of_the_caller_does_not_stand_in_for_ours(database: Database) -> None:
    notifier = await database.connect("notifier")
    await notifier.execute("create temp table client (id uuid)")

    assert (
        await notifier.fetch("select * from gateway.due_clients('2026-11-10', '2026-11-10')") == []
    )
