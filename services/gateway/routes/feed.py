"""What moves, followed once for all who listen in this process."""

import asyncio
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final, Literal
from uuid import UUID

import structlog

from libs.common import postgres
from services.gateway import metrics
from services.gateway.repository import events
from services.gateway.repository.connections import Lend
from services.gateway.repository.events import Moved
from services.gateway.routes.problems import Refusal

log = structlog.get_logger()

POLL_SECONDS: Final = 0.25
AWAY_SECONDS: Final = 1.0
PAGE: Final = 500
MOST_PENDING: Final = 1000
"""Movements that wait for one slow listener; with more it reads them again by itself."""
Share = Literal["job", "all"]
"""Who follows: clients their jobs, or operators whatever they look at."""
MOST_STREAMS: Final[Mapping[Share, int]] = {"job": 200, "all": 50}
"""In a process. Apart, so that whoever follows jobs leaves the operators their share."""


class Listener:
    """One stream's share: what has come since it last looked, or that it has to read for itself."""

    def __init__(self, job_id: UUID | None = None) -> None:
        self.job_id = job_id
        self.is_behind = True
        self._pending: deque[Moved] = deque()
        self._news = asyncio.Event()

    def offer(self, moved: Moved) -> None:
        """One more that has moved."""
        if not self.is_behind and len(self._pending) < MOST_PENDING:
            self._pending.append(moved)
            self._news.set()
        else:
            self.fall_behind()

    def fall_behind(self) -> None:
        """Much has moved, or nobody knows what: all that is not told yet is to be read."""
        self.is_behind = True
        self._pending.clear()
        self._news.set()

    def catch_up(self) -> None:
        """From now on news are kept here. Whoever reads after this has the rest."""
        self.is_behind = False
        self._news.clear()

    async def next(self, seconds: float) -> Sequence[Moved]:
        """What has come since, at once or as soon as something does; nothing after so long."""
        with suppress(TimeoutError):  # then there is nothing, which is an answer
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()
        moved = list(self._pending)
        self._pending.clear()
        return moved


class Feed:
    """The listeners, and the one task that asks PostgreSQL for them while there are any."""

    def __init__(self, reading: Lend, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._reading, self._poll_seconds = reading, poll_seconds
        self._listeners: dict[UUID | None, set[Listener]] = {}
        self._open = Counter[Share]()
        self._someone = asyncio.Event()
        self.closed = asyncio.Event()

    async def run(self) -> None:
        """Follow what moves, for ever; at the end every stream ends."""
        try:
            while True:
                await self._someone.wait()
                try:
                    await self._follow()
                except (TimeoutError, *postgres.FAILED) as error:
                    log.warning("feed_interrupted", error=type(error).__name__)
                    await asyncio.sleep(AWAY_SECONDS)
                except Exception:  # a movement of a later version, say: the rest must go on
                    log.exception("feed_failed")
                    await asyncio.sleep(AWAY_SECONDS)
        finally:
            self.closed.set()

    @contextmanager
    def listen(self, job_id: UUID | None, share: Share) -> Generator[Listener]:
        """Hear of what moves, of one job or of all; refused while too many do."""
        if self.closed.is_set() or self._open[share] >= MOST_STREAMS[share]:
            raise Refusal(503, "Too many streams are open here", headers={"Retry-After": "5"})
        listener, told = Listener(job_id), self._listeners.setdefault(job_id, set())
        told.add(listener)
        self._open[share] += 1
        self._someone.set()
        try:
            with metrics.STREAMS.labels(share).track_inprogress():
                yield listener
        finally:
            self._open[share] -= 1
            told.discard(listener)
            if not told:
                self._listeners.pop(job_id, None)
            if not self._listeners:
                self._someone.clear()

    async def _follow(self) -> None:
        async with self._reading() as connection:
            position = await events.newest(connection)
        for listener in self._everyone():
            listener.fall_behind()  # what was committed before this is theirs to read
        while self._someone.is_set():
            async with self._reading() as connection:
                page = await events.after(connection, position, PAGE)
            for moved in page:
                self._hand_out(moved)
                position = moved.seq
            if len(page) < PAGE:
                await asyncio.sleep(self._poll_seconds)

    def _hand_out(self, moved: Moved) -> None:
        for job_id in (None, moved.job.job_id):
            for listener in self._listeners.get(job_id, ()):
                listener.offer(moved)

    def _everyone(self) -> Iterator[Listener]:
        for some in self._listeners.values():
            yield from some
