"""The schedule by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import ticks
from services.gateway.repository.ticks import Due, Tick
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, invalid

Day: TypeAlias = date  # a field called `date` would hide it
TickKind = Literal["send_day", "pre_notification"]


class RunSchedule(Body, frozen=True, kw_only=True):
    """A day of the schedule; unless `dry_run` is false, nothing happens."""

    kind: TickKind
    date: Annotated[Day, Meta(examples=["2026-11-21"])]
    dry_run: bool = True

    checks: ClassVar[Mapping[str, Check]] = {
        "date": lambda day: "is the last day there is" if day == date.max else None
    }


class ScheduleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the day's tick does, or would do; `ran_at` says when one that exists was made."""

    kind: TickKind
    date: Day
    dry_run: bool
    tick: Literal["new", "exists"]
    ran_at: datetime | None
    clients: Sequence[Due]


@post("/schedule/run", tags=["Schedule"], status_code=200)
async def run_schedule(
    data: JSONBody[RunSchedule], ports: Given, request: StrictRequest
) -> Response[ScheduleAnswer]:
    """Run a day of the schedule by hand, or see whom it would concern.

    A dry run takes any date; a real one only today and the days that the schedule itself would
    catch up. A tick that exists is not run again.
    """
    catch_up_days = ports.settings.catch_up_days

    async def run(connection: Connection, _: Emit) -> ScheduleAnswer:
        due = await _due(connection, data, catch_up_days)
        if data.dry_run:
            tick = await ticks.find_tick(connection, data.kind, data.date)
        else:
            _within(data.date, await ticks.today(connection), catch_up_days)
            tick = await ticks.request_tick(connection, data.kind, data.date)
            await record(connection, request, "schedule.run", f"{data.kind}/{data.date}")
        note(request, "schedule_by_hand", kind=data.kind, date=str(data.date), dry_run=data.dry_run)
        return _answer(data, tick, due)

    return await once(request, ports, run)


async def _due(connection: Connection, data: RunSchedule, catch_up_days: int) -> Sequence[Due]:
    """A notice goes out on the eve of the delivery that it announces."""
    eve = data.kind == "pre_notification"
    return await ticks.due(connection, data.date + timedelta(days=eve), catch_up_days)


def _within(day: date, today: date, catch_up_days: int) -> None:
    first = today - timedelta(days=catch_up_days)
    if not first <= day <= today:
        detail = f"A real run takes a date from {first} to {today}; a dry run takes any"
        raise invalid(Fault(pointer="/date", detail=detail))


def _answer(data: RunSchedule, tick: Tick, due: Sequence[Due]) -> ScheduleAnswer:
    return ScheduleAnswer(
        kind=data.kind,
        date=data.date,
        dry_run=data.dry_run,
        tick="exists" if tick.result == "exists" else "new",
        ran_at=tick.created_at if tick.result == "exists" else None,
        clients=due,
    )
