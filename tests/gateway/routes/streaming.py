"""The application behind a real port, and readers of its streams."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import msgspec

from deploy.local.ports import free_port
from libs.common import outbox
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.telemetry import probes
from services.gateway.repository.connections import Connections
from services.gateway.routes.feed import Feed
from tests.gateway.routes.conftest import ADMIN_KEY, API_KEY, application, away
from tests.support.database import Database


class Event(msgspec.Struct, frozen=True):
    """One event of a stream; a comment alone has no name."""

    name: str = ""
    id: int | None = None
    data: Any = None
    comment: str = ""
    retry: int | None = None


class Served(msgspec.Struct):
    """Where it answers; `stop` ends it as SIGTERM does."""

    api: httpx.AsyncClient
    tasks: list[asyncio.Task[None]]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @asynccontextmanager
    async def stream(
        self, path: str, last: int | None = None
    ) -> AsyncGenerator[AsyncIterator[Event]]:
        """The events of a path, one by one; leaving drops the connection."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        async with self.api.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            yield read(answer)

    async def whole(self, path: str, last: int | None = None) -> list[Event]:
        """All events of a stream that ends by itself."""
        async with self.stream(path, last) as told:
            return [one async for one in told]


@asynccontextmanager
async def served(database: Database, **changed: Any) -> AsyncGenerator[Served]:
    """The application as `main` serves it, with the gateway's own connections."""
    reading = Connections(partial(database.connect, "gateway"), size=10).lend
    feed = Feed(Connections(partial(database.connect, "gateway"), size=1).lend, poll_seconds=0.02)

    @asynccontextmanager
    async def writing() -> AsyncGenerator[tuple[Connection, Emit]]:
        async with reading() as connection, outbox.transaction(connection) as emit:
            yield connection, emit

    app = application(reading=reading, writing=writing, count=away, feed=feed, **changed)
    port = free_port()
    tasks = [
        asyncio.create_task(feed.run()),
        asyncio.create_task(probes.serve_app(app, "127.0.0.1", port)),
    ]
    keys = {"X-API-Key": API_KEY, "X-Admin-Key": ADMIN_KEY}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers=keys,
        timeout=20,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
    ) as api:
        server = Served(api, tasks)
        try:
            await _answering(api)
            yield server
        finally:
            await server.stop()


async def _answering(api: httpx.AsyncClient) -> None:
    async def answers() -> bool:
        try:
            await api.get("/live")
        except httpx.TransportError:
            return False
        return True

    await until(answers)


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait for what another task will do."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def read(answer: httpx.Response) -> AsyncIterator[Event]:
    """The events as they arrive."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        yield Event(
            name=fields.get("event", ""),
            id=int(fields["id"]) if "id" in fields else None,
            data=json.loads(fields["data"]) if "data" in fields else None,
            comment=fields.get("", ""),
            retry=int(fields["retry"]) if "retry" in fields else None,
        )
        fields = {}
