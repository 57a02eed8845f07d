"""Which ticks are due: days follow from the last tick, hours from the zone's own clock."""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

Kind = Literal["pre_notification", "send_day"]
KINDS: Final[tuple[Kind, ...]] = ("pre_notification", "send_day")
"""In the order of a day: tomorrow's clients hear of it before today's are served."""

DAY: Final = timedelta(days=1)


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """When a day's ticks are due, and for how long a missed one is still caught up."""

    at: time
    zone: ZoneInfo
    catch_up_days: int


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a kind: emitted, perhaps late, or missed for ever."""

    kind: Kind
    due_on: date
    state: Literal["emitted", "missed"]
    late: bool


def due_ticks(last: Mapping[Kind, date], now: datetime, timetable: Timetable) -> list[Tick]:
    """Every tick after the last of its kind up to this instant, in order.

    A kind without a last tick begins today. What is older than the catch-up is recorded as missed.
    """
    today = now.astimezone(timetable.zone).date()
    latest = today if instant(today, timetable) <= now else today - DAY
    days = {kind: last[kind] + DAY if kind in last else today for kind in KINDS}
    first = min(days.values())
    return [
        _tick(kind, day, today, timetable.catch_up_days)
        for day in (first + n * DAY for n in range((latest - first).days + 1))
        for kind in KINDS
        if day >= days[kind]
    ]


def next_due(now: datetime, timetable: Timetable) -> datetime:
    """The first instant after this one at which a day's ticks are due."""
    day = now.astimezone(timetable.zone).date()
    while (due := instant(day, timetable)) <= now:
        day += DAY
    return due


def instant(day: date, timetable: Timetable) -> datetime:
    """The instant (UTC) at which a day's ticks are due.

    An hour that the clocks skip is due when they have skipped it; one that they show twice, the
    first time.
    """
    local = datetime.combine(day, timetable.at, tzinfo=timetable.zone)
    due, other = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return _end_of_gap(other, due, timetable.zone) if other < due else due


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the clocks jump; in a gap the two readings of an hour lie around it."""
    ahead = after.astimezone(zone).utcoffset()
    seconds = range(int((after - before).total_seconds()) + 1)

    def has_jumped(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == ahead

    return before + timedelta(seconds=bisect_left(seconds, x=True, key=has_jumped))


def _tick(kind: Kind, day: date, today: date, catch_up_days: int) -> Tick:
    state = "missed" if day < today - catch_up_days * DAY else "emitted"
    return Tick(kind=kind, due_on=day, state=state, late=day < today)
