"""F25-F28: many schedulers, none for days, clocks that jump, nights and months that are odd."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from tests.faults.load import ADDRESSES, SETTLED, TOWNS, process
from tests.faults.results import Violated
from tests.faults.rig import MORNING, Rig
from tests.faults.run import quiet
from tests.faults.scenario import Scenario, register, scenario

QUIET_SECONDS: Final = 200
TICK_SECONDS: Final = 60
BEFORE: Final = timedelta(seconds=8)
EXACT: Final = timedelta(seconds=5)
"""How long after its instant a tick may be made."""
DAY: Final = timedelta(days=1)
TODAY: Final = MORNING.date()

TICKED: Final = """
    select count(*) = 2 from scheduler.tick where due_on = $1
"""
TICKS: Final = "select kind, due_on, state, late from scheduler.tick order by due_on, kind"
TOLD: Final = """
    select type, convert_from(payload, 'UTF8')::jsonb ->> 'due_on' as due_on, count(*)
    from scheduler.outbox group by 1, 2 having count(*) > 1
"""
DELIVERED: Final = "select client_id, due_on, late from gateway.monthly_delivery"
MADE: Final = "select created_at from scheduler.tick where due_on = $1"


@scenario("F25-two", "Two schedulers at once", replicas={"scheduler": 2})
async def two(rig: Rig) -> None:
    await _two_days(rig)


@scenario("F25", "Five schedulers at once", replicas={"scheduler": 5})
async def five(rig: Rig) -> None:
    await _two_days(rig)


async def _two_days(rig: Rig) -> None:
    await _calm(rig, TODAY)
    await rig.advance(DAY)
    rig.ledger.due |= rig.ledger.noticed
    await _calm(rig, TODAY + DAY)
    await _expect_ticks(rig, {TODAY: False, TODAY + DAY: False})


@scenario("F26", "No scheduler when three days are due")
async def away_for_days(rig: Rig) -> None:
    later = {days: await settled(rig, (TODAY + days * DAY).day) for days in (2, 3, 4)}
    await _calm(rig, TODAY)
    rig.keep_down("scheduler")
    await rig.advance(3 * DAY)
    rig.let_up("scheduler")
    late = {*rig.ledger.noticed, later[2]}
    rig.ledger.due |= {*late, later[3]}
    rig.ledger.noticed.add(later[4])
    await _calm(rig, TODAY + 3 * DAY)
    await _expect_ticks(rig, {TODAY + days * DAY: days in {1, 2} for days in range(4)})
    found = {row["client_id"] for row in await rig.query(DELIVERED) if row["late"]}
    if found != late:
        raise Violated(f"{len(found)} deliveries are late, not {len(late)}")


@scenario("F26-long", "No scheduler for longer than is caught up")
async def away_for_long(rig: Rig) -> None:
    last = TODAY + 10 * DAY
    await rig.loaded.wait()
    await _calm(rig, TODAY)
    rig.keep_down("scheduler")
    await rig.advance(10 * DAY)
    rig.let_up("scheduler")
    # Whom the missed days concern, the first tick that is caught up finds.
    rig.ledger.due |= rig.ledger.noticed | rig.ledger.clients
    await _calm(rig, last)
    rows = await rig.query(TICKS)
    missed = {row["due_on"] for row in rows if row["state"] == "missed"}
    if missed != {TODAY + DAY, TODAY + 2 * DAY} or len(rows) != 2 * 11:
        raise Violated(f"{sorted(missed)} are missed, of {len(rows)} ticks")


async def _calm(rig: Rig, day: date) -> None:
    """The day has come, and whoever it concerns is served."""
    await rig.loaded.wait()
    await rig.until_row(TICKED, day, seconds=TICK_SECONDS)
    await quiet(rig, QUIET_SECONDS)


async def _expect_ticks(rig: Rig, late: Mapping[date, bool]) -> None:
    """One of each kind for each day, each told once."""
    rows = [(row["due_on"], row["state"], row["late"]) for row in await rig.query(TICKS)]
    wanted = [(day, "emitted", is_late) for day, is_late in late.items() for _ in range(2)]
    if sorted(rows) != sorted(wanted):
        raise Violated(f"the ticks are {rows}")
    if told := await rig.query(TOLD):
        raise Violated(f"{len(told)} ticks were told more than once")


async def settled(rig: Rig, send_day: int, number: int | None = None) -> UUID:
    """One more client of old, with a day of their own."""
    client_id, given = uuid4(), number or 900 + send_day
    town = TOWNS[given % len(TOWNS)]
    await rig.query(SETTLED, client_id, str(given), send_day, ADDRESSES, town)
    return client_id


@scenario("F27", "The clock jumps an hour ahead and back while jobs run, and a month")
async def jumping_clock(rig: Rig) -> None:
    hour = timedelta(hours=1)
    for jump in (hour, -hour, -hour, hour):
        await rig.advance(jump)
        await asyncio.sleep(2)
    await _calm(rig, TODAY)
    month = datetime(2026, 12, 16, tzinfo=UTC).date() - TODAY
    await rig.advance(month)
    rig.ledger.deliveries |= dict.fromkeys(rig.ledger.due | rig.ledger.noticed, 2)
    await _calm(rig, TODAY + month)
    ticks = await rig.query(TICKS)
    await rig.advance(-2 * month)
    await process(rig, next(iter(rig.ledger.clients)))
    await quiet(rig, QUIET_SECONDS)
    await rig.advance(month)
    await quiet(rig, QUIET_SECONDS)
    if await rig.query(TICKS) != ticks:
        raise Violated("a day that was ticked was ticked again")
    days = {row["due_on"] for row in ticks}
    if days != {TODAY + n * DAY for n in range(month.days + 1)} or len(ticks) != 2 * len(days):
        raise Violated(f"there are {len(ticks)} ticks for {len(days)} days")


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A day with something odd: when its ticks are due, and for whom."""

    name: str
    says: str
    day: date
    at: str = "09:00"
    due: datetime
    send_days: Sequence[int]
    others: Sequence[int]
    """Days of clients who are not concerned."""


ODD: Final = (
    Odd(
        name="F28-gap",
        says="Half past two is skipped: the ticks come when the clocks have",
        day=date(2027, 3, 28),
        at="02:30",
        due=datetime(2027, 3, 28, 1, tzinfo=UTC),
        send_days=(28,),
        others=(29, 31),
    ),
    Odd(
        name="F28-fold",
        says="Half past two comes twice: the ticks come the first time",
        day=date(2026, 10, 25),
        at="02:30",
        due=datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        send_days=(25,),
        others=(26,),
    ),
    Odd(
        name="F28-leap",
        says="29 February is the day of 29, 30 and 31",
        day=date(2028, 2, 29),
        due=datetime(2028, 2, 29, 8, tzinfo=UTC),
        send_days=(29, 30, 31),
        others=(1,),
    ),
    Odd(
        name="F28-february",
        says="28 February is the day of 28 to 31",
        day=date(2027, 2, 28),
        due=datetime(2027, 2, 28, 8, tzinfo=UTC),
        send_days=(28, 29, 30, 31),
        others=(1,),
    ),
    Odd(
        name="F28-month-end",
        says="30 April is the day of 30 and 31",
        day=date(2027, 4, 30),
        due=datetime(2027, 4, 30, 7, tzinfo=UTC),
        send_days=(30, 31),
        others=(1,),
    ),
)


async def _before(rig: Rig, *, odd: Odd) -> None:
    await rig.set_clock(odd.due - BEFORE)


async def _odd_day(rig: Rig, *, odd: Odd) -> None:
    due = {await settled(rig, send_day) for send_day in odd.send_days}
    rig.ledger.due |= due
    await _served(rig, odd)
    # Round the clock: what is due twice would be by now.
    await rig.advance(timedelta(hours=2))
    await quiet(rig, QUIET_SECONDS)
    found = {(row["client_id"], row["due_on"], row["late"]) for row in await rig.query(DELIVERED)}
    if found != {(client_id, odd.day, False) for client_id in due}:
        raise Violated(f"{len(found)} deliveries, not {len(due)} on {odd.day}")
    await _expect_ticks(rig, {odd.day: False})


async def _served(rig: Rig, odd: Odd) -> None:
    await rig.until_row(TICKED, odd.day, seconds=TICK_SECONDS)
    await quiet(rig, QUIET_SECONDS)
    made = [row["created_at"] for row in await rig.query(MADE, odd.day)]
    if not all(odd.due <= at < odd.due + EXACT for at in made):
        raise Violated(f"the ticks of {odd.day} were made at {made}")


def _register(odd: Odd) -> None:
    options: dict[str, Any] = {"environ": {"SCHEDULE_TIME": odd.at}, "clients": 0}
    act, before = partial(_odd_day, odd=odd), partial(_before, odd=odd)
    register(Scenario(name=odd.name, says=odd.says, act=act, before=before, **options))


for each in ODD:
    _register(each)
