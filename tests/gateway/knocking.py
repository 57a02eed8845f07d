"""Knocking at every route the application has, as anybody who might."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final, cast
from urllib.parse import quote

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from libs.common import outbox
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository.connections import Connections
from services.gateway.repository.rate import Counter
from tests.gateway.routes.conftest import application
from tests.support.database import Database

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
AT_ONCE: Final = 8
PATIENCE_SECONDS: Final = 1.0
"""Streams begin at once; what waits for another service has let us in."""
WAITED: Final = 0

Headers = Sequence[tuple[str, str]]

TABLES: Final = """
    select string_agg(format('select %L as name, md5(string_agg(t::text, chr(10) order by t::text)) as rows'
                             ' from %I.%I as t', schemaname || '.' || tablename, schemaname, tablename),
                      ' union all ')
    from pg_tables
    where schemaname in ('gateway', 'scraper', 'assigner', 'notifier', 'scheduler')
      and tablename <> 'rate'
"""
"""Asks what is stored, but how often each key has called."""


class Knock(msgspec.Struct, frozen=True):
    """A request: as the application declares it, and as it is sent."""

    method: str
    route: str
    path: str
    declared: bool
    """Whether the route knows the method."""


class Answer(msgspec.Struct, frozen=True):
    """How an answer begins; status `WAITED` when it does not within our patience."""

    status: int
    location: str = ""


def over(database: Database) -> Litestar:
    """The application on this database."""
    connect = partial(database.connect, "gateway")
    reading = Connections(connect, size=10).lend

    @asynccontextmanager
    async def writing() -> AsyncGenerator[tuple[Connection, Emit]]:
        async with reading() as connection, outbox.transaction(connection) as emit:
            yield connection, emit

    counter = Counter(Connections(connect, size=1).lend, timedelta(hours=1))
    return application(reading=reading, writing=writing, count=counter.count)


def knocks(app: Litestar, ids: Mapping[str, object]) -> list[Knock]:
    """Every method at every path, with these ids; leaving comes last, for it ends a session."""
    found = [
        Knock(method, route.path, _filled(route, ids), _known(method) in route.methods)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in METHODS
    ]
    return sorted(found, key=lambda knock: (knock.route.endswith("sign-out"), knock.route))


def _known(method: str) -> str:
    return "GET" if method == "HEAD" else method


def _filled(route: HTTPRoute, ids: Mapping[str, object]) -> str:
    parts = [
        part if isinstance(part, str) else quote(str(ids.get(part.name, "none")), safe="")
        for part in route.path_components
    ]
    return "/" + "/".join(parts)


async def answers(
    app: Litestar, asked: Sequence[Knock], headers: Headers = (), body: bytes = b""
) -> dict[Knock, Answer]:
    """What each is answered with, whoever comes with these headers."""
    free = asyncio.Semaphore(AT_ONCE)
    addresses = itertools.count()

    async def ask(knock: Knock) -> Answer:
        async with free:
            return await _answer(app, knock, headers, body, next(addresses))

    return dict(zip(asked, await asyncio.gather(*map(ask, asked)), strict=True))


async def _answer(
    app: Litestar, knock: Knock, headers: Headers, body: bytes, number: int
) -> Answer:
    begun: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def receive() -> Any:
        if body_sent.is_set():
            await asyncio.Event().wait()  # nobody hangs up
        body_sent.set()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        if message["type"] == "http.response.start" and not begun.done():
            said = dict(message["headers"])
            begun.set_result(Answer(message["status"], said.get(b"location", b"").decode()))

    body_sent = asyncio.Event()
    scope = _scope(knock, headers, number)
    task = asyncio.create_task(cast(Any, app)(scope, receive, send))
    await asyncio.wait({task, begun}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    answer = begun.result() if begun.done() else Answer(WAITED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return answer


def _scope(knock: Knock, headers: Headers, number: int) -> dict[str, Any]:
    """Each knock comes from an address of its own: wrong keys are counted by it."""
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": knock.method, "path": knock.path, "raw_path": knock.path.encode(),
        "query_string": b"", "root_path": "", "server": ("gateway", 80),
        "client": (f"198.51.{number // 250}.{number % 250}", 4242),
        "headers": [(b"host", b"gateway"), *((n.lower().encode(), v.encode()) for n, v in headers)],
    }  # fmt: skip


async def stored(connection: Connection) -> dict[str, str]:
    """A mark of what each table holds."""
    every = await connection.fetchval(TABLES)
    return {row["name"]: row["rows"] for row in await connection.fetch(every)}
