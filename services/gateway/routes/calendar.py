"""The schedule as an operator looks at it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from services.gateway.repository import calendar, ticks
from services.gateway.repository.calendar import DayTick, Undelivered
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, invalid

MOST_DAYS: Final = 62
USUAL: Final = timedelta(days=14)
BEFORE: Final = timedelta(days=7)
YEARS: Final = range(2000, 2200)
"""The first and the last day there is mean eternity to PostgreSQL."""

From = Annotated[
    date | None, QueryParameter(name="from", description="First day; unset: a week ago")
]
To = Annotated[
    date | None, QueryParameter(name="to", description="Last day; unset: two weeks after the first")
]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Each day's ticks, and the deliveries of those days that failed for good."""

    first: date
    last: date
    ticks: Sequence[DayTick]
    undelivered: Sequence[Undelivered]


@get("/schedule", tags=["Schedule"])
async def show_schedule(ports: Given, first: From = None, last: To = None) -> Schedule:
    """Ticks that are due, done, late or missed, with how many clients each; at most 62 days.

    A scheduled job that failed for good is listed as undelivered until it is retried.
    """
    async with ports.reading() as connection:
        begin, end = _range(first, last, await ticks.today(connection))
        return Schedule(
            first=begin,
            last=end,
            ticks=await calendar.days(connection, begin, end, ports.settings.catch_up_days),
            undelivered=await calendar.undelivered(connection, begin, end),
        )


def _range(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    for name, day in (("from", first), ("to", last)):
        if day and day.year not in YEARS:
            detail = f"is not in the years {YEARS.start} to {YEARS.stop - 1}"
            raise invalid(Fault(pointer=f"/{name}", detail=detail, place="query"))
    begin = first or (last - USUAL if last else today - BEFORE)
    end = last or begin + USUAL
    if end < begin:
        raise invalid(Fault(pointer="/to", detail="lies before `from`", place="query"))
    if (end - begin).days >= MOST_DAYS:
        detail = f"is more than {MOST_DAYS} days from `from`: ask for less"
        raise invalid(Fault(pointer="/to", detail=detail, place="query"))
    return begin, end
