"""A run's database as the rig asks it: past the proxy, as the superuser; and its clock."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import httpx

from tests.faults.results import Violated
from tests.support.database import Database

PARIS: Final = ZoneInfo("Europe/Paris")


class Asking:
    """What a rig knows of its database, and how it waits for something to come true."""

    database: Database

    async def query(self, statement: str, *arguments: Any) -> list[Any]:
        """Rows, asked for past the proxy as the superuser."""
        connection = await asyncpg.connect(self.database.url())
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def execute(self, script: str) -> None:
        """A script of several statements, as the superuser."""
        connection = await asyncpg.connect(self.database.url())
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    async def set_clock(self, at: datetime) -> None:
        """Have every session of this run's database believe that it is now then."""
        await self.query(
            f"alter database {self.database.name} set trackimmo.clock_offset = "
            f"'{(at - datetime.now(PARIS)).total_seconds()} seconds'"
        )
        await self.renew_sessions()

    async def advance(self, by: timedelta) -> None:
        """Move the database's clock."""
        [row] = await self.query("select public.clock() as now")
        await self.set_clock(row["now"] + by)

    async def renew_sessions(self) -> None:
        """End every session of the services; they connect again."""
        await self.query(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

    async def until(self, ask: Callable[[], Awaitable[Any]], seconds: float = 60) -> Any:
        """The first answer that says yes; refusals and lost connections count as no."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(
                httpx.TransportError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError
            ):
                if answer := await ask():
                    return answer
            await asyncio.sleep(0.1)
        raise Violated(f"{getattr(ask, '__name__', 'it')}: not within {seconds:.0f} s")

    async def until_row(self, statement: str, *arguments: Any, seconds: float = 60) -> Any:
        """The first row of a query that has one whose first column is true."""

        async def found() -> Any:
            rows = await self.query(statement, *arguments)
            return rows[0] if rows and rows[0][0] else None

        return await self.until(found, seconds)
