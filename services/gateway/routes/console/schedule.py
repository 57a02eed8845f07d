"""The schedule as a calendar, and a day of it run by hand: first dry, then for real."""

import calendar as months
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.pages.moments import PARIS
from services.gateway.repository import calendar, ticks
from services.gateway.repository.calendar import DayTick
from services.gateway.repository.console import schedule
from services.gateway.routes import schedule as operations
from services.gateway.routes.body import read
from services.gateway.routes.calendar import YEARS
from services.gateway.routes.console.act import act, form, say
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.problems import Fault, invalid
from services.gateway.routes.schedule import RunSchedule, ScheduleAnswer, TickKind

PATH: Final = "/console/schedule"
DAY: Final = timedelta(days=1)
MOST_SHOWN: Final = 50

Month = Annotated[str, QueryParameter(name="month", max_length=7)]
Kind = Annotated[Literal["send_day", "pre_notification", ""], QueryParameter(name="kind")]
Asked = Annotated[str, QueryParameter(name="day", max_length=10)]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the calendar, its ticks by kind, and what is special about it.

    `clocks` says which way they are put; `gathers` are the days that this last day of a month takes in.
    """

    day: date
    ticks: Mapping[str, DayTick]
    clocks: Literal["forward", "back", ""]
    gathers: Sequence[int]


@get("/schedule")
async def show_schedule(
    visit: Visited, month: Month = "", kind: Kind = "", day: Asked = ""
) -> Response[bytes]:
    """A month; of a kind and a day also whom a run would concern, without any effect."""
    wanted = _date(day, "day") if day else None
    async with visit.ports.reading() as connection:
        today = await ticks.today(connection)
        first = _date(f"{month}-01", "month") if month else (wanted or today).replace(day=1)
        last = _next(first) - DAY
        found = await calendar.days(connection, first, last, visit.ports.settings.catch_up_days)
        undelivered = await calendar.undelivered(connection, first, last)
    answer = await _dry(visit, kind or "send_day", wanted) if wanted else None
    dues = answer.clients[:MOST_SHOWN] if answer else []
    whom = [one.client_id for one in [*dues, *undelivered[:MOST_SHOWN]]]
    async with visit.ports.reading() as connection:
        named = await schedule.named(connection, whom)
    return await shown(
        visit,
        "console/schedule.html",
        "schedule",
        first=first,
        before=_link(first - DAY),
        after=_link(_next(first)),
        today=today,
        weeks=weeks(first, found),
        undelivered=undelivered,
        answer=answer,
        waiting=[one for one in answer.clients if not one.already_served] if answer else [],
        dues=dues,
        named=named,
        earliest=today - timedelta(days=visit.ports.settings.catch_up_days),
        most=MOST_SHOWN,
    )


@post("/schedule/run")
async def run(visit: Visited) -> Redirect:
    """Run a day for real; a day that was run already is only told so."""
    given = await form(visit)
    kind, day = given.get("kind", ""), given.get("day", "")
    back = f"{PATH}?{urlencode({'kind': kind, 'day': day})}#run"
    if not day or given.get("confirmation") != day:
        await say(visit, "unconfirmed", is_done=False)
        return Redirect(back, status_code=303)
    data = {"kind": kind, "date": day, "dry_run": False}
    return await act(visit, operations.run_schedule, back=back, said="ran", data=data)


def weeks(first: date, found: Sequence[DayTick]) -> list[list[Cell | None]]:
    """The days of a month in weeks that begin on Monday, nothing where another month's days stand."""
    by_day: dict[date, dict[str, DayTick]] = {}
    for tick in found:
        by_day.setdefault(tick.due_on, {})[tick.kind] = tick
    rows = months.Calendar().monthdayscalendar(first.year, first.month)
    return [
        [_cell(first.replace(day=number), by_day) if number else None for number in row]
        for row in rows
    ]


def clocks(day: date) -> Literal["forward", "back", ""]:
    """Which way clocks are put in Paris on this day, if they are."""
    began, ends = (datetime(at.year, at.month, at.day, tzinfo=PARIS) for at in (day, day + DAY))
    before, after = began.utcoffset() or timedelta(), ends.utcoffset() or timedelta()
    if before == after:
        return ""
    return "forward" if after > before else "back"


def _cell(day: date, by_day: Mapping[date, Mapping[str, DayTick]]) -> Cell:
    is_last = (day + DAY).month != day.month
    gathers = range(day.day + 1, 32) if is_last else ()
    return Cell(day=day, ticks=by_day.get(day, {}), clocks=clocks(day), gathers=list(gathers))


async def _dry(visit: Visit, kind: TickKind, day: date) -> ScheduleAnswer:
    data = read(msgspec.json.encode({"kind": kind, "date": day}), RunSchedule)
    answer = await operations.run_schedule.fn(data=data, ports=visit.ports, request=visit.request)
    content: ScheduleAnswer = answer.content
    return content


def _next(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)


def _link(day: date) -> str:
    return f"{PATH}?{urlencode({'month': f'{day:%Y-%m}'})}" if day.year in YEARS else ""


def _date(given: str, name: str) -> date:
    try:
        found = date.fromisoformat(given)
    except ValueError as error:
        detail = "is not a month, as 2026-11" if name == "month" else "is not a day, as 2026-11-21"
        raise invalid(Fault(pointer=f"/{name}", detail=detail, place="query")) from error
    if found.year not in YEARS:
        detail = f"is not in the years {YEARS.start} to {YEARS.stop - 1}"
        raise invalid(Fault(pointer=f"/{name}", detail=detail, place="query"))
    return found


PAGES: Final = (show_schedule, run)
