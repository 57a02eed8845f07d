"""The scheduler as a process: `python -m services.scheduler.main`."""

import asyncio
from typing import Final

import structlog

from libs.common import outbox, postgres, service
from libs.common.postgres import Connection
from libs.common.settings import load
from services.scheduler import handlers, metrics
from services.scheduler.repository import PostgresTicks
from services.scheduler.settings import SchedulerSettings

log = structlog.get_logger()

NAME: Final = "scheduler"
POLL_SECONDS: Final = 30.0
"""However far the next tick is, the database's clock is looked at this often."""
AWAY_SECONDS: Final = 1.0


async def tick_for_ever(
    settings: SchedulerSettings, wake: asyncio.Event, *, poll_seconds: float = POLL_SECONDS
) -> None:
    """Emit what is due whenever it is; wait for PostgreSQL where it is away."""
    while True:
        try:
            async with postgres.connection(settings.database_url) as connection:
                await _tick_on(connection, settings, wake, poll_seconds)
        except postgres.FAILED as error:
            log.warning("schedule_interrupted", error=type(error).__name__)
            await asyncio.sleep(AWAY_SECONDS)


async def _tick_on(
    connection: Connection, settings: SchedulerSettings, wake: asyncio.Event, poll_seconds: float
) -> None:
    while True:
        async with outbox.transaction(connection, wake) as emit:
            seconds = await handlers.emit_due_ticks(
                ticks=PostgresTicks(connection), emit=emit, timetable=settings.timetable
            )
        await asyncio.sleep(min(seconds, poll_seconds))


async def main() -> None:
    """Run until told to stop."""
    settings, wake = load(SchedulerSettings), asyncio.Event()
    loops = [tick_for_ever(settings, wake)] if settings.scheduler_enabled else []
    await service.run(
        NAME,
        settings,
        *loops,
        wake=wake,
        ready=lambda: service.database_problem(settings),
        gauges=metrics.gauges(settings.timetable.at, settings.schedule_tz),
    )


if __name__ == "__main__":
    service.start(NAME, main)
