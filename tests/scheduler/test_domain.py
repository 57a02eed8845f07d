"""The calendar: which ticks are due when, in any zone and after any downtime."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler import domain
from services.scheduler.domain import Kind, Tick, Timetable
from tests.scheduler.looking import NINE, TODAY

AT_NINE = datetime(2026, 11, 21, 8, tzinfo=UTC)
BOTH: dict[Kind, date] = {
    "pre_notification": TODAY - timedelta(1),
    "send_day": TODAY - timedelta(1),
}


def tick(kind: Kind, due_on: date, *, late: bool = False, missed: bool = False) -> Tick:
    return Tick(kind=kind, due_on=due_on, state="missed" if missed else "emitted", late=late)


def at(zone: str, clock: str) -> Timetable:
    return Timetable(at=time.fromisoformat(clock), zone=ZoneInfo(zone), catch_up_days=7)


TRUTH = [
    # an ordinary day, in winter and in summer
    ("Europe/Paris", "09:00", "2026-11-21", "2026-11-21 08:00:00"),
    ("Europe/Paris", "09:00", "2026-07-21", "2026-07-21 07:00:00"),
    # 02:30 does not exist: the first valid instant after the gap, 03:00
    ("Europe/Paris", "02:30", "2027-03-28", "2027-03-28 01:00:00"),
    ("Europe/Paris", "02:00", "2027-03-28", "2027-03-28 01:00:00"),
    ("Europe/Paris", "01:59", "2027-03-28", "2027-03-28 00:59:00"),
    ("Europe/Paris", "03:00", "2027-03-28", "2027-03-28 01:00:00"),
    # 02:30 comes twice: the first
    ("Europe/Paris", "02:30", "2026-10-25", "2026-10-25 00:30:00"),
    ("Europe/Paris", "09:00", "2026-10-25", "2026-10-25 08:00:00"),
    # a gap and a fold of half an hour, a gap at midnight, a day that never was
    ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03 15:30:00"),
    ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04 14:45:00"),
    ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-23 22:00:00"),
    ("Pacific/Apia", "09:00", "2011-12-30", "2011-12-30 10:00:00"),
    # month ends and a leap day are days like any other
    ("Europe/Paris", "09:00", "2028-02-29", "2028-02-29 08:00:00"),
    ("Europe/Paris", "00:00", "2026-12-31", "2026-12-30 23:00:00"),
]


@pytest.mark.parametrize("zone,clock,day,utc", TRUTH)
def test_a_day_is_due_at_its_first_valid_instant(zone: str, clock: str, day: str, utc: str):
    due = domain.instant(date.fromisoformat(day), at(zone, clock))

    assert due == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_the_first_start_begins_with_today_notices_before_deliveries():
    due = domain.due_ticks({}, AT_NINE, NINE)

    assert due == [tick("pre_notification", TODAY), tick("send_day", TODAY)]


def test_before_the_hour_nothing_of_today_is_due():
    before = AT_NINE - timedelta(microseconds=1)

    assert domain.due_ticks({}, before, NINE) == []
    assert domain.due_ticks(BOTH, before, NINE) == []


def test_a_first_start_after_the_hour_emits_today_which_is_not_late():
    due = domain.due_ticks({}, AT_NINE + timedelta(hours=14), NINE)

    assert [(each.due_on, each.late) for each in due] == [(TODAY, False), (TODAY, False)]


def test_each_kind_follows_its_own_last_tick():
    due = domain.due_ticks({**BOTH, "send_day": TODAY}, AT_NINE, NINE)

    assert due == [tick("pre_notification", TODAY)]


def test_missed_days_are_caught_up_in_order_and_late():
    last: dict[Kind, date] = {
        "pre_notification": date(2026, 11, 18),
        "send_day": date(2026, 11, 19),
    }

    due = domain.due_ticks(last, AT_NINE - timedelta(hours=1), NINE)

    assert due == [
        tick("pre_notification", date(2026, 11, 19), late=True),
        tick("pre_notification", date(2026, 11, 20), late=True),
        tick("send_day", date(2026, 11, 20), late=True),
    ]


def test_what_is_older_than_the_catch_up_is_missed():
    last: dict[Kind, date] = {"pre_notification": TODAY, "send_day": TODAY - timedelta(10)}

    due = domain.due_ticks(last, AT_NINE, NINE)

    assert [(each.due_on.day, each.state, each.late) for each in due] == [
        (12, "missed", True),
        (13, "missed", True),
        *((day, "emitted", True) for day in range(14, 21)),
        (21, "emitted", False),
    ]


def test_a_clock_that_went_back_repeats_nothing():
    assert domain.due_ticks(BOTH, AT_NINE - timedelta(days=3), NINE) == []


ZONES = ("Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo")
timetables = st.builds(
    Timetable,
    at=st.times().map(lambda t: t.replace(microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    catch_up_days=st.integers(0, 10),
)
instants = st.datetimes(datetime(2010, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds are naive by Hypothesis' contract
gaps = st.lists(st.timedeltas(timedelta(seconds=1), timedelta(days=15)), max_size=8)


@given(timetables, instants, gaps)
def test_whenever_it_looks_every_day_has_one_tick_of_each_kind(
    timetable: Timetable, start: datetime, downtimes: list[timedelta]
):
    now, last, made = start, dict[Kind, date](), list[tuple[datetime, Tick]]()
    for downtime in [timedelta(0), *downtimes]:
        now += downtime
        for each in domain.due_ticks(last, now, timetable):
            last[each.kind] = each.due_on
            made.append((now, each))

    for kind in domain.KINDS:
        mine = [(seen, each) for seen, each in made if each.kind == kind]
        assert all(b.due_on - a.due_on == timedelta(1) for (_, a), (_, b) in pairwise(mine))
        if mine:
            assert domain.instant(mine[-1][1].due_on + timedelta(1), timetable) > now
    for seen, each in made:
        age = (seen.astimezone(timetable.zone).date() - each.due_on).days
        assert domain.instant(each.due_on, timetable) <= seen
        assert (each.late, each.state == "missed") == (age > 0, age > timetable.catch_up_days)


@given(timetables, instants)
def test_the_next_tick_is_the_first_after_now(timetable: Timetable, now: datetime):
    last = dict.fromkeys(domain.KINDS, now.astimezone(timetable.zone).date() - timedelta(1))

    due = domain.next_due(now, timetable)

    until_now, before_due, at_due = (
        len(domain.due_ticks(last, at, timetable))
        for at in (now, due - timedelta(microseconds=1), due)
    )
    assert now < due
    assert until_now == before_due < at_due


@given(timetables, st.dates(date(2010, 1, 1), date(2035, 1, 1)))
def test_days_are_due_one_after_the_other(timetable: Timetable, day: date):
    # Two days may fall together only where the zone skipped one of them.
    first, second = (domain.instant(day + timedelta(n), timetable) for n in (0, 1))

    assert first < second or timetable.zone.key == "Pacific/Apia"
