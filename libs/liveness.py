"""Whether a process gets on with its work; one that does not ends itself, and is started afresh.

Liveness is progress: events in hand, or waiting on the bus, and none of them settled for so long
although PostgreSQL and the bus answer. Who only waits for one of those is well.
"""

import asyncio
import faulthandler
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

import asyncpg
import structlog
from prometheus_client import Gauge

from libs.telemetry.metrics import Source, of_consumer

log = structlog.get_logger()

T = TypeVar("T")
OnBatch = Callable[[T], Awaitable[None]]

BEAT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 5
POSITION_SECONDS: Final = 1
TOLD_SECONDS: Final = 150
"""Twice the time that a handler has, and what it takes to hold its message then."""
END_SECONDS: Final = 210
BLOCKED_SECONDS: Final = 120
"""How long the event loop may stand still; who was only suspended for so long begins anew too."""
EXIT_STATUS: Final = 70
STDERR: Final = 2

STUCK_SECONDS: Final = Gauge(
    "trackimmo_consumer_stuck_seconds",
    "For how long events are in hand or wait without a step forward; 0 while all is well.",
)
RELAYS: Final = Gauge(
    "trackimmo_relays",
    "Sessions that hold the relay's lock of this schema: one, whatever the number of processes.",
)

BEAT: Final = """
    with gone as (delete from pulse where beat_at < public.clock() - interval '1 hour')
    insert into pulse (process, beat_at, stuck_since)
    values ($1, public.clock(), public.clock() - $2::float8 * interval '1 second')
    on conflict (process) do update set beat_at = excluded.beat_at, stuck_since = excluded.stuck_since
    returning (select relays from health)
"""


class Progress:
    """What the consumer of a process has to do, and when it was last well."""

    def __init__(self, end: Callable[[], Any]) -> None:
        self._end = end
        self._process = f"{os.uname().nodename}/{os.getpid()}"
        self._consumer: Callable[[], Any] = lambda: None
        self._in_hand = False
        self._well_at = time.monotonic()
        self._stuck = False

    def watched(self, on_batch: OnBatch[T], consumer: Callable[[], Any]) -> OnBatch[T]:
        """The same, known to be in hand while it lasts; `consumer` is the running one, if any."""
        self._consumer = consumer

        async def in_hand(batch: T) -> None:
            self._in_hand = True
            self.made(None)
            try:
                await on_batch(batch)
            finally:
                self._in_hand = False
                self.made(None)

        return in_hand

    def made(self, step: T) -> T:
        """A step forward, handed on."""
        self._well_at = time.monotonic()
        return step

    def problem(self) -> str:
        """Why this process should be started afresh, or nothing."""
        seconds = time.monotonic() - self._well_at
        return f"No event was settled for {seconds:.0f} s, though some wait" if self._stuck else ""

    def lag(self, group: str) -> Source:
        """How far the consumer is from the ends of its partitions, for the page of metrics."""
        return of_consumer(group, self._running)

    async def watch(self, url: str) -> NoReturn:
        """Look for ever how this process gets on; one whose loop stands still is ended too."""
        try:
            while True:
                faulthandler.dump_traceback_later(BLOCKED_SECONDS, exit=True, file=STDERR)
                await self.look(url)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            faulthandler.cancel_dump_traceback_later()

    async def look(self, url: str) -> None:
        """Say how this process gets on: in its schema, in its metrics, in the log when it changes."""
        if not self._in_hand and not await _answer(self._waits()):
            self.made(None)
        if await _answer(self._beat(url)) is None:
            self.made(None)
        seconds = time.monotonic() - self._well_at
        self._tell(seconds)
        if seconds >= END_SECONDS:
            log.critical("process_ends_itself", seconds=round(seconds), status=EXIT_STATUS)
            self._end()

    def _running(self) -> Any:
        return self._consumer()

    async def _waits(self) -> bool:
        running = self._running()
        partitions = running.assignment() if running else ()
        ends = await running.end_offsets(partitions) if partitions else {}
        with suppress(TimeoutError):
            async with asyncio.timeout(POSITION_SECONDS):
                return any([await running.position(at) < end for at, end in ends.items()])
        return True  # the bus answers, and this consumer does not know where it is

    async def _beat(self, url: str) -> int:
        seconds = time.monotonic() - self._well_at
        stuck = seconds if seconds >= TOLD_SECONDS else None
        connection = await asyncpg.connect(url)
        try:
            relays: int = await connection.fetchval(BEAT, self._process, stuck)
            RELAYS.set(relays)
            return relays
        finally:
            connection.terminate()

    def _tell(self, seconds: float) -> None:
        stuck = seconds >= TOLD_SECONDS
        STUCK_SECONDS.set(seconds if seconds >= BEAT_SECONDS * 2 else 0)
        if stuck and not self._stuck:
            log.error("consumer_stuck", seconds=round(seconds), where=_where())
        if self._stuck and not stuck:
            log.info("consumer_moves_again")
        self._stuck = stuck


async def _answer(question: Awaitable[T]) -> T | None:
    """Nothing from who is away: that explains why nothing moves."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await question
    except Exception:  # noqa: BLE001 - whatever it is, it is no fault of this process
        return None


def _where() -> list[str]:
    """The line at which each task waits: no values, so nothing personal."""
    return sorted({_innermost(task.get_coro()) for task in asyncio.all_tasks()})


def _innermost(at: Any) -> str:
    while getattr(inner := getattr(at, "cr_await", None), "cr_frame", None):
        at = inner
    frame = getattr(at, "cr_frame", None)
    return f"{frame.f_code.co_qualname}:{frame.f_lineno}" if frame else "?"


progress: Final = Progress(end=lambda: os._exit(EXIT_STATUS))  # a stuck process stops in no order
"""Of this process."""
