"""Connections that are lent and given back without a word to PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import asyncpg

from libs.common.postgres import Connection

PATIENCE_SECONDS: Final = 5.0
REST_SECONDS: Final = 300.0
"""A network may forget a connection that rests longer: whoever used it would wait in vain."""

Lend = Callable[[], AbstractAsyncContextManager[Connection]]
"""Lends a connection, and takes it back."""
Place = tuple[asyncpg.Connection, float] | None
"""A connection and when it was given back, or room for one."""


class Connections:
    """At most so many connections, opened when needed, the last one used lent first.

    asyncpg's own pool makes two tasks and resets the session each time, which costs four times
    what a short statement does. Whoever borrows here leaves the session as it was.
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], size: int) -> None:
        self._connect = connect
        self._places: asyncio.LifoQueue[Place] = asyncio.LifoQueue()
        for _ in range(size):
            self._places.put_nowait(None)

    @asynccontextmanager
    async def lend(self) -> AsyncGenerator[Connection]:
        """A connection soon, or `TimeoutError`: a caller is told to come back, none queues long."""
        place, connection = await self._taken(), None
        try:
            connection = _usable(place) or await self._connect()
            yield connection
        except (asyncio.CancelledError, TimeoutError):  # a statement may still be under way
            if connection is not None:
                connection.terminate()
            raise
        finally:
            self._places.put_nowait(_given_back(connection))

    async def _taken(self) -> Place:
        if not self._places.empty():
            return self._places.get_nowait()
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._places.get()


def _usable(place: Place) -> asyncpg.Connection | None:
    """The connection, unless it was lost meanwhile or has rested too long."""
    if place is None or place[0].is_closed():
        return None
    connection, since = place
    if time.monotonic() - since > REST_SECONDS:
        connection.terminate()
        return None
    return connection


def _given_back(connection: asyncpg.Connection | None) -> Place:
    """A place for the next borrower; one that was lost or left within a transaction ends."""
    if connection is None or connection.is_closed():
        return None
    if connection.is_in_transaction():
        connection.terminate()
        return None
    return connection, time.monotonic()
