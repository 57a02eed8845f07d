"""What the scheduler does whenever it looks at the clock."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Protocol

import structlog

from libs.common.events import PreNotification, SendDay
from libs.common.outbox import Emit
from libs.telemetry import traces
from services.scheduler import domain
from services.scheduler.domain import Kind, Tick, Timetable

log = structlog.get_logger()

EVENTS: Final[Mapping[Kind, type[PreNotification | SendDay]]] = {
    "pre_notification": PreNotification,
    "send_day": SendDay,
}


class Ticks(Protocol):
    """The ticks that were, whoever made them."""

    async def clock(self) -> datetime:
        """The instant by which everything due is decided."""
        ...

    async def last(self) -> Mapping[Kind, date]:
        """The last tick of each kind, without those requested by hand."""
        ...

    async def record(self, ticks: Sequence[Tick]) -> list[Tick]:
        """Keep ticks, and say which of them nobody had kept before."""
        ...


async def emit_due_ticks(*, ticks: Ticks, emit: Emit, timetable: Timetable) -> float:
    """Emit every tick that is due and not yet emitted; the seconds until the next is due."""
    now = await ticks.clock()
    due = domain.due_ticks(await ticks.last(), now, timetable)
    for tick in await ticks.record(due) if due else ():
        _tell(tick, emit)
    return (domain.next_due(now, timetable) - now).total_seconds()


def _tell(tick: Tick, emit: Emit) -> None:
    if tick.state == "missed":
        log.error("tick_missed", kind=tick.kind, due_on=tick.due_on.isoformat())
        return
    with structlog.contextvars.bound_contextvars(traceparent=traces.fresh()):  # a day's own trace
        emit(EVENTS[tick.kind](due_on=tick.due_on, late=tick.late), None)
        log.info("tick_emitted", kind=tick.kind, due_on=tick.due_on.isoformat(), late=tick.late)
