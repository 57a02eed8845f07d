"""A PostgreSQL server for a test process, and a database of its own for each test."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import asyncpg

from deploy.local import postgres as server
from deploy.migrate import migrate
from libs.common import postgres
from libs.common.postgres import Pool

Opened: TypeAlias = asyncpg.Connection | Pool

TEMPLATE = "trackimmo_template"
BUSY_SECONDS = 10

CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}
"""A test's database need not survive the machine."""


class Database:
    """A fresh copy of the migrated schema; what connects through it is closed at its end."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name = port, name
        self._open: list[Opened] = []

    def url(self, role: str = "postgres") -> str:
        return server.url(self.port, role, self.name)

    async def connect(self, role: str = "postgres") -> asyncpg.Connection:
        connection = await postgres.connect(self.url(role))
        self._open.append(connection)
        return connection

    async def pool(self, role: str, *, max_size: int = 10) -> Pool:
        pool = await postgres.connect_pool(self.url(role), min_size=0, max_size=max_size)
        self._open.append(pool)
        return pool

    async def advance(self, by: timedelta) -> None:
        """Move `public.clock()` for every session, the open ones of this test included."""
        admin = await self.connect()
        shown = await admin.fetchval("select current_setting('trackimmo.clock_offset', true)")
        offset = f"{float((shown or '0').split()[0]) + by.total_seconds()} seconds"
        await admin.execute(f"alter database {self.name} set trackimmo.clock_offset = '{offset}'")
        for opened in self._open:
            await _set_offset(opened, offset)

    async def close(self) -> None:
        for opened in reversed(self._open):
            if isinstance(opened, asyncpg.Pool) or not opened.is_closed():
                opened.terminate()


async def _set_offset(opened: Opened, offset: str) -> None:
    if isinstance(opened, asyncpg.Pool):
        await opened.expire_connections()
    elif not opened.is_closed():
        await _when_idle(opened, "select set_config('trackimmo.clock_offset', $1, false)", offset)


async def _when_idle(connection: asyncpg.Connection, statement: str, *arguments: str) -> None:
    """Wait for what a loop of the test is asking on this connection just now."""
    async with asyncio.timeout(BUSY_SECONDS):
        while True:
            with suppress(asyncpg.InterfaceError):  # another operation is in progress
                await connection.execute(statement, *arguments)
                return
            await asyncio.sleep(0.01)


@contextmanager
def migrated_server(folder: Path) -> Generator[server.Postgres]:
    """A server whose template database holds the present schema."""
    started = server.start(folder, options=CARELESS)
    try:
        asyncio.run(_run(started.url(), f"create database {TEMPLATE}"))
        migrate(started.url(database=TEMPLATE) + "?sslmode=disable")
        yield started
    finally:
        started.stop()


@asynccontextmanager
async def fresh_database(started: server.Postgres) -> AsyncGenerator[Database]:
    """A copy of the template, dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    await _run(started.url(), f"create database {name} template {TEMPLATE} strategy file_copy")
    database = Database(started.port, name)
    try:
        yield database
    finally:
        await database.close()
        await _run(started.url(), f"drop database {name} with (force)")


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
