"""Connections to PostgreSQL: direct, each with the service's own role."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from libs.common.errors import TransientError

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy
Pool: TypeAlias = asyncpg.Pool

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    OSError,
    TimeoutError,
)
"""What says that PostgreSQL itself is not to be had at the moment."""

FAILED = (*AWAY, asyncpg.PostgresError)
"""Whatever a statement of our own may meet that a loop outlives: PostgreSQL away, its disk full,
a deadlock, migrations that are not there yet."""


class LostError(TransientError):
    """The connection is gone, and with it whatever was not committed."""


def is_lost(connection: Connection, error: BaseException) -> bool:
    """Whether an error means that this connection can do nothing for now, whatever it is asked.

    Not every `InterfaceError` does: a statement called with the wrong arguments raises it too.
    """
    full = asyncpg.InsufficientResourcesError  # no message is to blame for a full disk
    broken = (asyncpg.InternalClientError, asyncpg.PostgresConnectionError, full)
    return connection.is_closed() or isinstance(error, broken)


async def connect(url: str, *, command_timeout: float | None = None) -> asyncpg.Connection:
    """A connection of one's own, for whoever keeps it: a consumer, a relay, a sender."""
    connection = await asyncpg.connect(url, timeout=10, command_timeout=command_timeout)
    await prepare(connection)
    return connection


@asynccontextmanager
async def connection(url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection of one's own that ends with the block, at once whatever happened in it."""
    # A server that is gone says no goodbye: a relay, a schedule would wait for it for a quarter hour.
    opened = await connect(url, command_timeout=60)
    try:
        yield opened
    finally:
        opened.terminate()


async def connect_pool(url: str, *, min_size: int = 1, max_size: int = 10) -> Pool:
    """A pool for many short uses (each release costs a round trip to reset the session)."""
    return await asyncpg.create_pool(
        url, min_size=min_size, max_size=max_size, timeout=10, command_timeout=60, init=prepare
    )


async def prepare(connection: Connection) -> None:
    """Read and write jsonb as Python values."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda raw: msgspec.json.decode(raw[1:]),
        format="binary",
    )
