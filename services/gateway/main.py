"""The gateway as a process: `python -m services.gateway.main`.

The consumer of outcomes, the loop of retries, the watchdog and the HTTP interface side by side.
It serves without Kafka: what it accepts waits in the outbox.
"""

import asyncio
import gc
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from libs.common import outbox, postgres, service
from libs.common.consumer import Consumer, Handler, Handlers
from libs.common.events import (
    AddressesInsufficient,
    MailSettled,
    PropertiesAssigned,
    PropertiesReady,
    SendDay,
    StepFailed,
    StepProgressed,
)
from libs.common.kafka import Subscription
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.common.settings import load
from libs.telemetry import probes
from services.gateway import lag, metrics, vital_samples
from services.gateway.handlers.outcomes import record_outcomes
from services.gateway.handlers.retries import start_due
from services.gateway.handlers.schedule import send_day
from services.gateway.handlers.watchdog import PATIENCE, watch
from services.gateway.lag_samples import Sampler
from services.gateway.repository import (
    idempotency,
    movements,
    rate,
    readiness,
    retries,
    schedule,
    stalled,
    watchdog,
)
from services.gateway.repository.connections import Connections
from services.gateway.repository.console import sessions
from services.gateway.routes.app import create_app
from services.gateway.routes.feed import Feed
from services.gateway.routes.limit import Count
from services.gateway.routes.ports import Component, Reading, Writing
from services.gateway.routes.watch import Watch
from services.gateway.settings import GatewaySettings

log = structlog.get_logger()

NAME: Final = "gateway"
RETRIES_SECONDS: Final = 1.0
WATCHDOG_SECONDS: Final = 60.0
HEALTH_SECONDS: Final = 15.0
PRUNE_SECONDS: Final = 3600.0
LAG_SECONDS: Final = 10.0
VITALS_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 60.0
COUNT_SECONDS: Final = 5.0
CONNECTIONS: Final = 20

OUTCOMES: Final = (
    PropertiesReady,
    PropertiesAssigned,
    AddressesInsufficient,
    StepProgressed,
    StepFailed,
    MailSettled,
)
GROUPS: Final = {**lag.WORKERS, NAME: [event.topic for event in OUTCOMES]}


def seed() -> int:
    """A number for a job's drawing; JSON readers keep 53 bits exactly."""
    return secrets.randbits(53)


def consumer(settings: GatewaySettings, wake: asyncio.Event) -> Consumer:
    """Which events the gateway handles, and how."""
    outcomes: Handler = partial(
        record_outcomes, runs=movements, max_retries=settings.max_job_retries
    )
    day: Handler = partial(
        send_day, schedule=schedule, catch_up_days=settings.catch_up_days, seed=seed
    )
    table: Handlers = {**dict.fromkeys(OUTCOMES, outcomes), SendDay: day}
    return Consumer(name=NAME, handlers=table, wake=wake)


def writing(reading: Reading, wake: asyncio.Event) -> Writing:
    """Transactions whose events wake the relay after their commit."""

    @asynccontextmanager
    async def begin() -> AsyncGenerator[tuple[Connection, Emit]]:
        async with reading() as conn, outbox.transaction(conn, wake) as emit:
            yield conn, emit

    return begin


async def retry_due(write: Writing, settings: GatewaySettings) -> None:
    """Begin the runs that are due."""
    async with write() as (conn, emit):
        await start_due(
            conn, emit, retries=retries, runs=movements, max_retries=settings.max_job_retries
        )


async def watch_silent(reading: Reading, write: Writing, settings: GatewaySettings) -> None:
    """Look after silent jobs, unless events that wait explain their silence."""
    async with reading() as conn:
        if not await watchdog.is_any_silent(conn, PATIENCE) or await watchdog.has_unpublished(conn):
            return
    if await lag.is_lagging(settings, GROUPS):
        return
    async with write() as (conn, emit):
        await watch(
            conn, emit, watched=watchdog, runs=movements, max_retries=settings.max_job_retries
        )


async def prune(reading: Reading, settings: GatewaySettings) -> None:
    """Forget the windows and sessions that have ended, and the answers that are a day old."""
    async with reading() as conn:
        await rate.prune(conn, timedelta(seconds=settings.rate_limit_window))
        await idempotency.prune(conn)
        await sessions.prune(conn)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again, whatever becomes of it: the interface must go on serving."""
    while True:
        try:
            await work()
        except postgres.AWAY as error:
            log.warning("postgres_away", error=type(error).__name__)
        except Exception:
            log.exception("loop_failed")
        await asyncio.sleep(seconds)


async def sample_lag(sampler: Sampler) -> None:
    """Look at the bus for the console, again and again."""
    try:
        await every(LAG_SECONDS, sampler.sample)
    finally:
        await sampler.close()


def following(settings: GatewaySettings) -> Feed:
    """Tells the streams what moves, on a connection of its own."""
    connect = partial(postgres.connect, settings.database_url, command_timeout=STATEMENT_SECONDS)
    return Feed(Connections(connect, size=1).lend)


def counting(settings: GatewaySettings) -> Count:
    """Counts the requests of a key, on a connection of its own."""
    connect = partial(postgres.connect, settings.database_url, command_timeout=COUNT_SECONDS)
    one = Connections(partial(rate.without_waiting, connect), size=1)
    return rate.Counter(one.lend, timedelta(seconds=settings.rate_limit_window)).count


async def bus(subscription: Subscription) -> Component:
    """Whether the bus answers, and how many events wait for us there."""
    consumer = subscription.consumer
    if not subscription.is_assigned():
        waits = "what is accepted waits in the outbox. Does KAFKA_BOOTSTRAP_SERVERS answer?"
        return Component(status="down", message=f"No partition is assigned: {waits}")
    ends = await consumer.end_offsets(consumer.assignment())
    behind = sum([max(0, end - await consumer.position(one)) for one, end in ends.items()])
    message = f"Connected, {len(ends)} partitions, {behind} events wait for the gateway"
    return Component(status="ok", message=message)


async def serve(
    settings: GatewaySettings,
    *,
    reading: Reading,
    write: Writing,
    count: Count,
    feed: Feed,
    consuming: service.Consuming,
) -> None:
    """Answer HTTP until cancelled."""

    async def is_ready() -> bool:
        return not await readiness.missing(settings)

    app = create_app(
        settings=settings,
        reading=reading,
        writing=write,
        clock=lambda: datetime.now(UTC),
        seed=seed,
        ready=is_ready,
        kafka=partial(bus, consuming.subscription),
        count=count,
        feed=feed,
    )
    gc.freeze()  # what is loaded by now stays: no request waits 20 ms while all of it is walked
    await probes.serve_app(app, settings.gateway_host, settings.gateway_port)


async def main() -> None:
    """Run until told to stop."""
    settings, wake = load(GatewaySettings), asyncio.Event()
    consuming = service.Consuming(settings, consumer(settings, wake))
    # Connects when first used: PostgreSQL may come later, /ready says so until then.
    connect = partial(postgres.connect, settings.database_url, command_timeout=STATEMENT_SECONDS)
    pool = Connections(connect, size=CONNECTIONS)
    write, feed = writing(pool.lend, wake), following(settings)
    await service.run(
        NAME,
        settings,
        *consuming.tasks(),
        every(RETRIES_SECONDS, partial(retry_due, write, settings)),
        every(WATCHDOG_SECONDS, partial(watch_silent, pool.lend, write, settings)),
        every(HEALTH_SECONDS, Watch(pool.lend, partial(bus, consuming.subscription)).look),
        every(PRUNE_SECONDS, partial(prune, pool.lend, settings)),
        every(VITALS_SECONDS, partial(vital_samples.sample, pool.lend)),
        sample_lag(Sampler(settings, pool.lend)),
        feed.run(),
        serve(
            settings,
            reading=pool.lend,
            write=write,
            count=counting(settings),
            feed=feed,
            consuming=consuming,
        ),
        wake=wake,
        ready=partial(readiness.missing, settings),
        gauges=(*metrics.GAUGES, *stalled.GAUGES),
    )


if __name__ == "__main__":
    service.start(NAME, main)
