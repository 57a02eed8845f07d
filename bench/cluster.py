"""PostgreSQL on the real disk with its own settings for durability, and databases on it."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg

from bench import preload
from bench.errors import BenchError
from deploy.local import postgres as server
from deploy.local.ports import free_port
from deploy.migrate import migrate
from libs.common import postgres

ROOT: Final = Path(__file__).parents[1]
OPTIONS: Final = {"max_connections": "200"}
SLOW_COMMIT_SECONDS: Final = 0.002


class Database:
    """A migrated database; what connects through it is closed at its end."""

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.name = name
        self.cluster = cluster
        self._open: list[asyncpg.Connection] = []

    def url(self, role: str = "postgres") -> str:
        return self.cluster.url(role, self.name)

    async def connect(self, role: str = "postgres") -> asyncpg.Connection:
        connection = await postgres.connect(self.url(role))
        self._open.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._open:
            if not connection.is_closed():
                connection.terminate()


Fill = Callable[[Database], Awaitable[None]]


class Cluster:
    """The server, started when first asked for; it keeps its folder, databases that are kept too."""

    def __init__(self, folder: Path, *, slow_disk: bool) -> None:
        self.folder, self.slow_disk = folder, slow_disk
        self._running: server.Postgres | None = None

    @property
    def pid(self) -> int:
        """The postmaster, whose children all the others are."""
        return self._started().process.pid

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        return self._started().url(role, database)

    def stop(self) -> None:
        """A shutdown, if it runs."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def _started(self) -> server.Postgres:
        if self._running is None:
            self._running = _start(self.folder / "postgres", slow_disk=self.slow_disk)
        return self._running

    @asynccontextmanager
    async def database(self, kept: str = "", fill: Fill | None = None) -> AsyncGenerator[Database]:
        """A fresh migrated database, dropped at the end.

        With `kept` it stays under that name for the next time, until migrations change; `fill`
        gives it its content once.
        """
        await self._assure_slowness()
        name = await self._kept(kept, fill) if kept else await self._copy()
        database = Database(self, name)
        try:
            yield database
        finally:
            database.close()
            if not kept:
                await self.execute(f'drop database "{name}" with (force)')

    async def _copy(self) -> str:
        template = await self._kept("template", None)
        name = f"fresh_{uuid4().hex}"
        await self.execute(f'create database "{name}" template "{template}" strategy file_copy')
        return name

    async def _kept(self, kept: str, fill: Fill | None) -> str:
        """A database that is complete as soon as it has its name."""
        name = f"{kept}_{schema_fingerprint()}"
        if await self.databases(f"^{name}$"):
            return name
        for old in await self.databases(f"^{kept}_[0-9a-f]{{12}}(_unfinished)?$"):
            await self.execute(f'drop database "{old}" with (force)')
        unfinished = f"{name}_unfinished"
        await self.execute(f'create database "{unfinished}"')
        await asyncio.to_thread(migrate, self.url(database=unfinished) + "?sslmode=disable")
        if fill is not None:
            database = Database(self, unfinished)
            try:
                await fill(database)
            finally:
                database.close()
        await self.execute(f'alter database "{unfinished}" rename to "{name}"')
        return name

    async def version(self) -> str:
        connection = await asyncpg.connect(self.url())
        try:
            return str(await connection.fetchval("show server_version"))
        finally:
            await connection.close()

    async def databases(self, pattern: str) -> list[str]:
        connection = await asyncpg.connect(self.url())
        try:
            rows = await connection.fetch(
                "select datname from pg_database where datname ~ $1", pattern
            )
        finally:
            await connection.close()
        return [row["datname"] for row in rows]

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _assure_slowness(self) -> None:
        if self.slow_disk and await commit_seconds(self.url()) < SLOW_COMMIT_SECONDS:
            raise BenchError("The slow disk is as fast as ever: the preload has no effect here.")


async def commit_seconds(url: str) -> float:
    """The quickest of a few commits that must reach the disk."""
    connection = await asyncpg.connect(url)
    took: list[float] = []
    try:
        await connection.execute("create table if not exists tried (at timestamptz)")
        for _ in range(20):
            began = time.perf_counter()
            await connection.execute("insert into tried values (statement_timestamp())")
            took.append(time.perf_counter() - began)
    finally:
        await connection.execute("drop table tried")
        await connection.close()
    return min(took)


def schema_fingerprint() -> str:
    """What changes whenever a migration does."""
    files = sorted(
        [*(ROOT / "libs").rglob("migrations/*.sql"), *(ROOT / "services").rglob("migrations/*.sql")]
    )
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return digest.hexdigest()[:12]


def _start(folder: Path, *, slow_disk: bool) -> server.Postgres:
    server.prepare(folder)
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            server.command(port, OPTIONS),
            cwd=folder,
            env={**server.ENVIRONMENT, **(_slowly(folder) if slow_disk else {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    started = server.Postgres(port=port, socket_dir=folder, process=process)
    deadline = time.monotonic() + 60
    while not server.is_ready(folder, process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            started.stop()
            raise BenchError(f"PostgreSQL did not start: see {folder / 'server.log'}.")
        time.sleep(0.02)
    return started


def _slowly(folder: Path) -> dict[str, str]:
    # In the server's own folder, which is its working directory: its user may not reach any other.
    library = folder / "slow_sync.so"
    shutil.copyfile(preload.built(folder.parent), library)
    library.chmod(0o644)
    return {"LD_PRELOAD": f".{os.sep}{library.name}"}
