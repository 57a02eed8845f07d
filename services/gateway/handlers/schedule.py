"""A send day starts the deliveries of those who are due."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

import msgspec
import structlog

from libs.common.envelope import Received
from libs.common.events import ClientProcess
from libs.common.outbox import Emit
from libs.common.postgres import Connection

log = structlog.get_logger()


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """What a tick has started; `out_of_reach` are clients whose day passed beyond the catch-up."""

    begun: Sequence[ClientProcess]
    out_of_reach: int = 0


class Schedule(Protocol):
    """Deliveries of a month, as the repository keeps them."""

    async def start_deliveries(
        self, conn: Connection, due_on: date, *, late: bool, catch_up_days: int, seed: int
    ) -> Deliveries | None:
        """Start a job for each client due; nothing if this tick was handled already."""
        ...


async def send_day(
    conn: Connection,
    received: Sequence[Received[Any]],
    emit: Emit,
    *,
    schedule: Schedule,
    catch_up_days: int,
    seed: Callable[[], int],
) -> None:
    """Start the deliveries of each tick, the oldest first; a repeated tick changes nothing."""
    for one in sorted(received, key=lambda tick: tick.event.due_on):
        day: date = one.event.due_on
        started = await schedule.start_deliveries(
            conn, day, late=one.event.late, catch_up_days=catch_up_days, seed=seed()
        )
        if started is None:
            log.info("tick_already_handled", kind="send_day", due_on=str(day), **one.ids)
            continue
        for event in started.begun:
            emit(event, one)
        log.info("send_day_handled", due_on=str(day), clients=len(started.begun), **one.ids)
        if started.out_of_reach:
            missed = started.out_of_reach
            log.error("deliveries_missed", due_on=str(day), clients=missed, **one.ids)
