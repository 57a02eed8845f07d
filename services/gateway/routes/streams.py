"""Server-sent events: what moves, each movement once, from where the reader was left."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from libs.common import postgres
from services.gateway.domain.movements import Detail
from services.gateway.repository.events import JobNow, Moved
from services.gateway.routes.feed import PAGE, Feed, Listener
from services.gateway.routes.trace import STREAM

log = structlog.get_logger()

MEDIA_TYPE: Final = "text/event-stream"
PING_SECONDS: Final = 15.0
LIFE_SECONDS: Final = 3600.0
"""Then the reader comes again, with a key that holds still."""
STALL_SECONDS: Final = 30.0
GOODBYE_SECONDS: Final = 1.0
HELLO: Final = b"retry: 3000\n\n"
PING: Final = b": ping\n\n"
HEADERS: Final = [
    STREAM,
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
"""The last one keeps a proxy from collecting what should arrive at once."""


class JobMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The data of `job.step`, and of `job.closed` (then `step` is `job`)."""

    job: UUID
    client: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    run: int
    step: str
    state: str
    done: int | None
    total: int | None
    note: str
    next_try_at: datetime | None
    at: datetime
    status: str
    """Of the job, when this was read."""


class JobEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The data of `job.ended`."""

    job: UUID
    status: str
    properties_assigned: int | None
    error_message: str | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What has moved since; `job` is where the one that is followed stands, if it is still there."""

    moved: Sequence[Moved]
    job: JobNow | None = None
    is_last: bool = False


Read = Callable[[int], Awaitable[Page]]
"""The next page after a number."""


class Stream(Response[str]):
    """A stream of one job's movements, or of all."""

    def __init__(self, feed: Feed, read: Read, *, job_id: UUID | None, after: int) -> None:
        super().__init__("", media_type=MEDIA_TYPE)
        self.feed, self.read, self.job_id, self.after = feed, read, job_id, after

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """What goes on for as long as there is something to tell."""
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.feed.listen(self.job_id) as listener:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if not scope["state"].get("is_head"):
                telling = _Telling(self, listener, send).tell()
                await _first_of(telling, _left(receive), self.feed.closed.wait())
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                log.info("stream_stalled")


class _Telling:
    def __init__(self, stream: Stream, listener: Listener, send: Send) -> None:
        self._stream, self._listener, self._send = stream, listener, send
        self._after = stream.after

    async def tell(self) -> None:
        """Say what moves until the job has ended."""
        try:
            await self._say(HELLO)
            while not (page := await self._next()).is_last:
                pass
            if page.job:
                await self._say(_event("job.ended", _ended(page.job)))
        except (TimeoutError, *postgres.FAILED) as error:
            log.warning("stream_interrupted", error=type(error).__name__)
        except Exception:  # the answer has begun: there is no other way to tell
            log.exception("stream_failed")

    async def _next(self) -> Page:
        """Say what there is to say, or that we are still here."""
        if self._listener.is_behind:
            self._listener.catch_up()
            page = await self._stream.read(self._after)
            if len(page.moved) == PAGE:
                self._listener.fall_behind()
        else:
            moved = await self._listener.next(PING_SECONDS)
            page = Page(moved=moved)
            if moved and self._stream.job_id and moved[-1].job.has_ended:
                # By more movements, maybe, than the feed has come to: one look has all of them.
                self._listener.fall_behind()
            if not moved and not self._listener.is_behind:
                await self._say(PING)
        await self._pass_on(page.moved)
        return page

    async def _pass_on(self, moved: Sequence[Moved]) -> None:
        if fresh := [one for one in moved if one.seq > self._after]:
            await self._say(b"".join(map(encoded, fresh)))
            self._after = fresh[-1].seq

    async def _say(self, words: bytes) -> None:
        async with asyncio.timeout(STALL_SECONDS):
            await self._send({"type": "http.response.body", "body": words, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(*works: Awaitable[Any]) -> None:
    """Until one of them is through, or the time is over; then none of them goes on."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, timeout=LIFE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@lru_cache(maxsize=2048)
def encoded(moved: Moved) -> bytes:
    """A movement as an event of the stream; written once for all who hear of it at the same time."""
    detail = moved.detail
    done, total = _reach(detail)
    said = JobMoved(
        job=moved.job.job_id,
        client=moved.job.client_id,
        kind=moved.job.kind,
        run=moved.run,
        step=moved.step,
        state="failed" if moved.state == "broken" else moved.state,
        done=done,
        total=total,
        note=detail.note or detail.reason,
        next_try_at=detail.next_try_at,
        at=moved.at,
        status=moved.job.status,
    )
    return _event("job.closed" if moved.step == "job" else "job.step", said, moved.seq)


def _reach(detail: Detail) -> tuple[int | None, int | None]:
    if detail.found is not None:
        return detail.found, detail.requested
    return (detail.done, detail.total) if detail.total else (None, None)


def _ended(job: JobNow) -> JobEnded:
    return JobEnded(
        job=job.job_id,
        status=job.status,
        properties_assigned=job.properties_assigned,
        error_message=job.error_message,
    )


def _event(name: str, data: msgspec.Struct, seq: int | None = None) -> bytes:
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"%sevent: %s\ndata: %s\n\n" % (number, name.encode(), msgspec.json.encode(data))
