"""A gateway as it runs, on a furnished database of its own, without a broker."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import msgspec

from deploy.local.ports import free_port
from deploy.local.postgres import Postgres
from libs import links
from libs.common import postgres
from tests.browser.world import World, furnish, named
from tests.support.database import Database, fresh_database

T = TypeVar("T")

ADMIN_KEY: Final = "0perators"
KEYS: Final = {"API_KEY": "k3y-of-a-test", "ADMIN_API_KEY": ADMIN_KEY, "SECRET_KEY": "s1gns-links"}
NO_BROKER: Final = "127.0.0.1:9"
START_SECONDS: Final = 60
LOGS: Final = Path(__file__).resolve().parents[2] / "var" / "browser"
"""What the gateway of a run says: to read when a page does not come."""


class Site(msgspec.Struct, frozen=True):
    """Where it answers, and what is in its database."""

    url: str
    database: Database
    world: World
    process: subprocess.Popen[bytes]
    loop: asyncio.AbstractEventLoop

    def agent_path(self, client_id: UUID | None = None) -> str:
        """The page of a client, as the link in a mail leads to it; of the ordinary one unless said."""
        return f"/c/{signed(client_id or named('client'))}"

    def execute(self, statement: str, *arguments: Any) -> list[Any]:
        """Rows of the database, asked or changed as the superuser."""
        return wait(self.loop, self._fetch(statement, arguments))

    async def _fetch(self, statement: str, arguments: tuple[Any, ...]) -> list[Any]:
        connection = await postgres.connect(self.database.url())
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


def signed(client_id: UUID, purpose: links.Purpose = "page") -> str:
    """The token of a link to a client's page."""
    return links.sign(KEYS["SECRET_KEY"], purpose, client_id, datetime.now(UTC))


def wait(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """What the work returns; it is done by a loop in another thread."""
    return asyncio.run_coroutine_threadsafe(work, loop).result()


@contextmanager
def loop_apart() -> Generator[asyncio.AbstractEventLoop]:
    """A loop with a thread of its own: in the tests' thread the browser's is running."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def serving(server: Postgres, **settings: str) -> Generator[Site]:
    """A gateway with these settings besides; it and its database go with the block."""
    with loop_apart() as loop:
        borrowed = fresh_database(server)
        database = wait(loop, borrowed.__aenter__())
        try:
            world = wait(loop, _furnished(database))
            with _running(database, settings) as (url, process):
                yield Site(url, database, world, process, loop)
        finally:
            wait(loop, borrowed.__aexit__(None, None, None))


async def _furnished(database: Database) -> World:
    return await furnish(await database.connect())


@contextmanager
def _running(
    database: Database, settings: dict[str, str]
) -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environ = {
        **os.environ, **KEYS, "DATABASE_URL": database.url("gateway"), "LOG_LEVEL": "WARNING",
        "KAFKA_BOOTSTRAP_SERVERS": NO_BROKER, "GATEWAY_PORT": str(port), **settings,
    }  # fmt: skip
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"gateway-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.gateway.main"], env=environ, stdout=log, stderr=log
        )
    try:
        _until_ready(url, process)
        yield url, process
    finally:
        process.kill()
        process.wait()


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(base_url=url, trust_env=False) as client:
        while time.monotonic() < deadline:
            assert process.poll() is None, "the gateway has ended"
            try:
                if client.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    raise TimeoutError(f"the gateway is not ready within {START_SECONDS} s")
