"""Server-sent events: what moves, each movement once, from where the reader was left."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from libs.common import postgres
from services.gateway.repository.events import JobNow, Moved
from services.gateway.routes.feed import PAGE, Feed, Listener, Share
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


Say = Callable[[bytes], Awaitable[None]]
"""Sends words to the reader; one who does not take them raises."""
Follow = Callable[[Listener, Say], Awaitable[None]]
"""Says what there is to say, until nothing more comes."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What has moved since; `job` is where the one that is followed stands, if it is still there."""

    moved: Sequence[Moved]
    job: JobNow | None = None
    is_last: bool = False


Read = Callable[[int], Awaitable[Page]]
"""The next page after a number."""


class Words(Protocol):
    """How a stream says what moves."""

    async def moved(self, moved: Sequence[Moved]) -> bytes:
        """Movements as events, each with its number as `id`."""
        ...

    async def ended(self, job: JobNow) -> bytes:
        """That nothing more will move in a job."""
        ...


Until = Callable[[], Awaitable[Any]]
UNTIL: Final = "stream_until"
"""Where a request says what else ends its stream: that its reader is let in no more."""


class Stream(Response[str]):
    """A stream that goes on for as long as there is something to tell."""

    def __init__(
        self, feed: Feed, follow: Follow, *, job_id: UUID | None = None, share: Share
    ) -> None:
        super().__init__("", media_type=MEDIA_TYPE)
        self.feed, self.follow, self.job_id = feed, follow, job_id
        self.share: Share = share

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """What serves it."""
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.feed.listen(self.job_id, self.share) as listener:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if not scope["state"].get("is_head"):
                telling = self._tell(listener, send)
                until: Until = scope["state"].get(UNTIL, self.feed.closed.wait)
                await _first_of(telling, _left(receive), self.feed.closed.wait(), until())
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                log.info("stream_stalled")

    async def _tell(self, listener: Listener, send: Send) -> None:
        async def say(words: bytes) -> None:
            async with asyncio.timeout(STALL_SECONDS):
                await send({"type": "http.response.body", "body": words, "more_body": True})

        try:
            await say(HELLO)
            await self.follow(listener, say)
        except (TimeoutError, *postgres.FAILED) as error:
            log.warning("stream_interrupted", error=type(error).__name__)
        except Exception:  # the answer has begun: there is no other way to tell
            log.exception("stream_failed")


class Movements:
    """Follows what moves after a number, in one job to its end or in all for ever."""

    def __init__(self, read: Read, after: int, words: Words) -> None:
        self._read, self._after, self._words = read, after, words

    async def follow(self, listener: Listener, say: Say) -> None:
        """Say what moves until the job has ended."""
        while not (page := await self._next(listener, say)).is_last:
            pass
        if page.job:
            await say(await self._words.ended(page.job))

    async def _next(self, listener: Listener, say: Say) -> Page:
        """Say what there is to say, or that we are still here."""
        if listener.is_behind:
            listener.catch_up()
            page = await self._read(self._after)
            if len(page.moved) == PAGE:
                listener.fall_behind()
        else:
            moved = await listener.next(PING_SECONDS)
            page = Page(moved=moved)
            if moved and listener.job_id and moved[-1].job.has_ended:
                # By more movements, maybe, than the feed has come to: one look has all of them.
                listener.fall_behind()
            if not moved and not listener.is_behind:
                await say(PING)
        await self._pass_on(page.moved, say)
        return page

    async def _pass_on(self, moved: Sequence[Moved], say: Say) -> None:
        if fresh := [one for one in moved if one.seq > self._after]:
            await say(await self._words.moved(fresh))
            self._after = fresh[-1].seq


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
