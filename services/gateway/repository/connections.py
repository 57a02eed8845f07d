"""Connections that are lent and given back without a word to PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from libs.common.postgres import Connection

PATIENCE_SECONDS: Final = 5.0


class Connections:
    """At most so many connections, opened when needed, the last one used lent first.

    asyncpg's own pool makes two tasks and resets the session each time, which costs four times
    what a short statement does. Whoever borrows here leaves the session as it was.
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], size: int) -> None:
        self._connect = connect
        self._places: asyncio.LifoQueue[asyncpg.Connection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._places.put_nowait(None)

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Connection]:
        """A connection soon, or `TimeoutError`: a caller is told to come back, none queues long."""
        connection = await self._taken()
        try:
            connection = _usable(connection) or await self._connect()
            yield connection
        except asyncio.CancelledError:  # a statement may still be under way
            if connection is not None:
                connection.terminate()
            raise
        finally:
            self._places.put_nowait(_usable(connection))

    async def _taken(self) -> asyncpg.Connection | None:
        if not self._places.empty():
            return self._places.get_nowait()
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._places.get()

    def terminate(self) -> None:
        """Close those that are not lent, at once."""
        while not self._places.empty():
            connection = self._places.get_nowait()
            if connection is not None:
                connection.terminate()


def _usable(connection: asyncpg.Connection | None) -> asyncpg.Connection | None:
    """The connection if another may have it; one that was lost or left within a transaction ends."""
    if connection is None or connection.is_closed():
        return None
    if connection.is_in_transaction():
        connection.terminate()
        return None
    return connection
