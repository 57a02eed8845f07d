"""A service as a process: its tasks side by side, its probes, its end."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
import uvloop

from libs.common import kafka, metrics, postgres, prune, relay
from libs.common.consumer import Consumer, Outcome, consume, consume_held
from libs.common.held import Record
from libs.common.kafka import Subscription
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings, SettingsError
from libs.liveness import progress
from libs.telemetry import log, probes, traces
from libs.telemetry.metrics import SqlGauge, of_database
from libs.telemetry.probes import Ready

logger = structlog.get_logger()

DEAD_IN_A_ROW: Final = 50
PAUSE_SECONDS: Final = 60
HELD_POLL_SECONDS: Final = 1.0
READY_SECONDS: Final = 2.0

Task = Coroutine[Any, Any, None]


def start(name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a service's main to its end; a bad setting ends it with one sentence."""
    try:
        uvloop.run(main())
    except SettingsError as error:
        sys.exit(f"{name} cannot start: {error}")
    finally:
        traces.stop()  # the spans before a crash are those that are looked for


async def run(
    name: str,
    settings: CommonSettings,
    *tasks: Task,
    wake: asyncio.Event,
    ready: Ready,
    gauges: Sequence[SqlGauge] = (),
) -> None:
    """Run a service until SIGTERM or SIGINT: relay, clean-up, probes and the tasks given.

    A task that raises ends the service: whoever supervises it starts it afresh. `gauges` of its own
    join the common metrics.
    """
    log.configure(name, level=settings.log_level, style=settings.log_format)
    traces.start(name, settings.otel_exporter_otlp_endpoint)
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    logger.info("service_started")
    sources = of_database(settings.database_url, (*metrics.GAUGES, *gauges)), progress.lag(name)
    async with asyncio.TaskGroup() as group:
        own = (
            relay.run(settings, name, wake),
            prune.run(settings),
            probes.serve(settings.metrics_host, settings.metrics_port, ready, sources),
            progress.watch(settings.database_url),
        )
        running = [group.create_task(task) for task in (*own, *tasks)]
        await stop.wait()
        logger.info("service_stopping")
        for task in running:
            task.cancel()
    logger.info("service_stopped")


class Consuming:
    """The consumer of a service, over all its topics, with its own connection."""

    def __init__(self, settings: CommonSettings, consumer: Consumer) -> None:
        self._settings, self._consumer = settings, consumer
        self._connection: Connection | None = None
        self._dead_in_a_row = 0
        self.subscription = Subscription(
            group=consumer.name,
            topics=[event.topic for event in consumer.handlers],
            on_batch=progress.watched(self._on_batch, lambda: self.subscription.consumer),
        )

    def tasks(self) -> tuple[Task, Task]:
        """The consumer, and the retries of what it holds."""
        return self._consume(), self._retry_held()

    async def ready(self) -> str:
        """What is missing before this consumer works, or nothing."""
        problem = await database_problem(self._settings)
        if problem:
            return problem
        return "" if self.subscription.is_assigned() else "no partition is assigned to the consumer"

    async def _consume(self) -> None:
        try:
            await kafka.subscribe(self._settings, self.subscription)
        finally:
            if self._connection is not None:
                self._connection.terminate()

    async def _on_batch(self, records: Sequence[Record]) -> None:
        if self._dead_in_a_row < DEAD_IN_A_ROW:
            self._count(await self._until_done(records))
            return
        for record in records:
            if self._dead_in_a_row >= DEAD_IN_A_ROW:
                logger.critical("consumer_paused", dead=self._dead_in_a_row, seconds=PAUSE_SECONDS)
                await asyncio.sleep(PAUSE_SECONDS)
            self._count(await self._until_done([record]))

    def _count(self, outcome: Outcome) -> None:
        self._dead_in_a_row = 0 if outcome.handled else self._dead_in_a_row + outcome.dead

    async def _until_done(self, records: Sequence[Record]) -> Outcome:
        wait = 0.5
        while True:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await postgres.connect(self._settings.database_url)
                return await consume(self._connection, self._consumer, records)
            except (postgres.LostError, *postgres.FAILED) as error:
                # Nothing can be held: the batch is kept, no offset moves.
                if self._connection is not None:
                    self._connection.terminate()
                logger.warning("postgres_away", error=type(error).__name__, messages=len(records))
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)

    async def _retry_held(self) -> None:
        while True:
            try:
                async with postgres.connection(self._settings.database_url) as connection:
                    while True:
                        if not await consume_held(connection, self._consumer):
                            await asyncio.sleep(HELD_POLL_SECONDS)
            except (postgres.LostError, *postgres.FAILED) as error:
                logger.warning("held_retries_interrupted", error=type(error).__name__)
                await asyncio.sleep(HELD_POLL_SECONDS)


async def database_problem(settings: CommonSettings) -> str:
    """What keeps PostgreSQL from serving us, or nothing."""
    try:
        async with (
            asyncio.timeout(READY_SECONDS),
            postgres.connection(settings.database_url) as own,
        ):
            await own.fetchval("select count(*) from health")
    except postgres.FAILED as error:
        return f"PostgreSQL or its migrations are not there: {type(error).__name__}"
    return ""
