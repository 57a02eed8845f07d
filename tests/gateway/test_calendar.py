"""Exactly one delivery a month, and its notice, for every day of joining and of moving.

Four years with a leap year are lived through by the real `gateway.due_clients`, on a clock that
goes from day to day; what must come of it is worked out here without it.
"""

import calendar
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from libs.common.postgres import Connection

FIRST: Final = date(2026, 12, 1)
LAST: Final = date(2030, 12, 31)
DAYS: Final = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
CASES_PER_DAY: Final = 8
CATCH_UP_DAYS: Final = 7

CASES: Final = """
    create temporary table change as
    select * from unnest($1::uuid[], $2::date[], $3::boolean[], $4::int[], $5::boolean[])
           as c (client_id, day, morning, send_day, joins);
    create temporary table notice (client_id uuid, month date, day date, due_on date);
    create temporary table served (client_id uuid, month date, day date, due_on date, late boolean);
    create temporary table promised (client_id uuid, first_on date);
"""

# A day: changes before nine, notices for tomorrow, today's deliveries, changes after nine.
LIVE: Final = """
create function pg_temp.live(first date, last date) returns void language plpgsql as $$
declare today date;
begin
  for today in select generate_series(first, last, '1 day')::date loop
    perform pg_temp.change_clients(today, true);
    insert into notice select client_id, month, today, effective_day
    from gateway.due_clients(today + 1, today);
    with due as (select * from gateway.due_clients(today, today)), kept as (
      insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
      select client_id, month, effective_day, uuidv7(), late from due)
    insert into served select client_id, month, today, effective_day, late from due;
    insert into gateway.tick_handled (kind, due_on, clients) values ('send_day', today, 0);
    perform pg_temp.change_clients(today, false);
  end loop;
end $$;
create function pg_temp.change_clients(today date, before_nine boolean) returns void
language plpgsql as $$
begin
  if not exists (select from change where day = today and morning = before_nine) then return; end if;
  perform set_config('trackimmo.clock_offset',
    ((today + case when before_nine then time '08:00' else time '10:00' end)
      at time zone 'Europe/Paris' - clock_timestamp())::text, false);
  insert into gateway.client (id, first_name, last_name, email, subscription_type, send_day,
    chosen_cities, property_type_preferences, active_since)
  select client_id, 'A', 'B', client_id || '@example.org', 'pro', send_day, '{01053}', '{house}', day
  from change where day = today and morning = before_nine and joins;
  update gateway.client c set send_day = m.send_day
  from change m where m.day = today and m.morning = before_nine and m.client_id = c.id;
  insert into promised select client_id, first_delivery_on from gateway.client_contact
  where client_id in (select client_id from change where day = today and morning = before_nine and joins);
end $$;
"""


class Change(msgspec.Struct, frozen=True, order=True):
    """A client joins or moves its day, before or after nine."""

    day: date
    afternoon: bool
    send_day: int


class Case(msgspec.Struct, frozen=True):
    """A client's whole story; its first change is the joining."""

    client_id: UUID
    changes: tuple[Change, ...]

    @property
    def joined(self) -> date:
        return self.changes[0].day

    def at_nine(self, day: date) -> int | None:
        """The send day that stands at nine on a day, if the client is there."""
        standing = [c for c in self.changes if c.day < day or (c.day == day and not c.afternoon)]
        return standing[-1].send_day if standing else None


def effective(month: date, send_day: int) -> date:
    return month.replace(day=min(send_day, calendar.monthrange(month.year, month.month)[1]))


def months(since: date) -> Iterator[date]:
    month = since.replace(day=1)
    while month <= LAST:
        yield month
        month = (month + timedelta(31)).replace(day=1)


def cases() -> list[Case]:
    """For each send day: joinings on any date, the ends of months too; up to four moves."""
    chance = random.Random(2028)
    latest = DAYS.index(date(2030, 9, 30))
    month_ends = [day for day in DAYS[:latest] if (day + timedelta(1)).day == 1]
    found: list[Case] = []
    for number in range(31 * CASES_PER_DAY):
        joined = chance.choice(month_ends if number % 4 == 0 else DAYS[:latest])
        moves = number % 3 and chance.randint(1, 4)
        days = sorted([joined, *(_move(chance, joined) for _ in range(moves))])
        halves = sorted((day, chance.random() < 0.5) for day in days)
        sends = [number % 31 + 1, *(chance.randint(1, 31) for _ in range(moves))]
        changes = [Change(*half, send) for half, send in zip(halves, sends, strict=True)]
        # Two changes of one half day: only the last of them stands.
        last = {(change.day, change.afternoon): change for change in changes}
        found.append(Case(UUID(int=number + 1), tuple(last.values())))
    return found


def _move(chance: random.Random, joined: date) -> date:
    """Soon after joining, about the end of a month, or whenever."""
    near = joined + timedelta(chance.randint(0, 40))
    far = joined + timedelta(chance.randint(0, (LAST - joined).days))
    end = effective(far, 31) + timedelta(chance.randint(-1, 1))
    return min(chance.choice([near, far, max(end, joined)]), LAST)


Lived = dict[str, list[Any]]


@pytest.fixture
async def lived(conn: Connection) -> Lived:
    """What four years have brought."""
    changes = [
        (case.client_id, c.day, not c.afternoon, c.send_day, c is case.changes[0])
        for case in cases()
        for c in case.changes
    ]
    for statement in CASES.split(";")[:-1]:
        arguments = zip(*changes, strict=True) if "$1" in statement else ()
        await conn.execute(statement, *arguments)
    await conn.execute(LIVE)
    await conn.execute("select pg_temp.live($1, $2)", FIRST, LAST)
    return {
        "notice": await conn.fetch("select * from notice"),
        "served": await conn.fetch("select * from served"),
        "promised": await conn.fetch("select * from promised"),
    }


def first_month(case: Case) -> date:
    """The first whose day, as it stood at a nine o'clock that could serve it, is not before joining."""
    for month in months(case.joined):
        end = effective(month, 31)
        for n in range((end - month).days + 1 + CATCH_UP_DAYS):
            day = month + timedelta(n)
            send_day = case.at_nine(day)
            if send_day is None or day < case.joined:
                continue
            due_on = effective(month, send_day)
            in_reach = day <= end or due_on >= day - timedelta(CATCH_UP_DAYS)
            if case.joined <= due_on <= day and in_reach:
                return month
    raise AssertionError(case)


async def test_one_delivery_a_month_and_one_notice_of_it(lived: Lived) -> None:
    served = {(row["client_id"], row["month"]): row for row in lived["served"]}
    assert len(served) == len(lived["served"])
    # Of the notices of a month the notifier sends the first: its key is client and month.
    noticed = {(row["client_id"], row["month"]) for row in lived["notice"]}
    for case in cases():
        _check_deliveries(case, served)
        _check_notices(case, served, noticed)
        _check_promise(case, served, lived["promised"])


def _check_deliveries(case: Case, served: dict[Any, Any]) -> None:
    start = first_month(case)
    assert start in list(months(case.joined))[:2], case
    got = sorted(month for client_id, month in served if client_id == case.client_id)
    assert got == list(months(start)), case
    for month in got:
        row = served[case.client_id, month]
        assert row["due_on"] >= case.joined
        assert row["late"] == (row["day"] > row["due_on"])
        assert row["day"] <= effective(month, 31) or row["due_on"] >= row["day"] - timedelta(7)


def _check_notices(case: Case, served: dict[Any, Any], noticed: set[Any]) -> None:
    """A notice where a day of the month that serves stood on its eve and nothing was served yet."""
    for month in months(case.joined):
        delivery = served.get((case.client_id, month))
        last = delivery["day"] if delivery else effective(month, 31)
        days = [month + timedelta(n) for n in range(31) if month + timedelta(n) <= last]
        stood = any(
            (send := case.at_nine(day - timedelta(1))) is not None
            and effective(month, send) == day >= case.joined
            for day in days
        )
        assert ((case.client_id, month) in noticed) == stood, (case, month)


def _check_promise(case: Case, served: dict[Any, Any], promised: list[Any]) -> None:
    """The date in the welcome mail is the date of the delivery, unless the day moves before it."""
    (first_on,) = (row["first_on"] for row in promised if row["client_id"] == case.client_id)
    first = served[case.client_id, first_month(case)]
    if len(case.changes) == 1 or case.changes[1].day > first["day"]:
        assert first_on == first["day"], case
