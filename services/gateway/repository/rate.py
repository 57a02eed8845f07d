"""How often each key has called in its present window, exactly, over all replicas."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from itertools import chain
from typing import Final

import asyncpg
import msgspec

from libs.common.postgres import Connection

BATCH_ROWS: Final = 1000

# Keys in their order: of two replicas that count the same ones, none waits for the other's wait.
COUNT: Final = """
    insert into rate as known (key_hash, requests)
    select * from unnest($1::bytea[], $2::bigint[]) order by 1
    on conflict (key_hash) do update set
      began_at = case when known.began_at + $3 <= excluded.began_at
        then excluded.began_at else known.began_at end,
      requests = excluded.requests + case when known.began_at + $3 <= excluded.began_at
        then 0 else known.requests end
    returning key_hash, requests,
      greatest(1, ceil(extract(epoch from began_at + $3 - public.clock())))::bigint as seconds_left
"""

PRUNE: Final = """
    delete from rate where key_hash in (
      select key_hash from rate where began_at + $1 <= public.clock() limit $2 for update skip locked)
"""


class Counted(msgspec.Struct, frozen=True):
    """Which request of its window this one is, and when that window ends."""

    number: int
    seconds_left: int


Callers = dict[bytes, list[asyncio.Future[Counted]]]
"""Who waits to be counted, by key."""


class Counter:
    """Counts requests; those that come while one statement runs share the next one.

    So a busy key's row is locked once for many of them. The connection lent is to wait for no
    disk: see `without_waiting`.
    """

    def __init__(
        self, lend: Callable[[], AbstractAsyncContextManager[Connection]], window: timedelta
    ) -> None:
        self._lend, self._window = lend, window
        self._callers: Callers = {}
        self._counting: asyncio.Task[None] | None = None

    async def count(self, key_hash: bytes) -> Counted:
        """Count one more request of a key; raises what PostgreSQL raises."""
        caller = asyncio.get_running_loop().create_future()
        self._callers.setdefault(key_hash, []).append(caller)
        if self._counting is None:
            self._counting = asyncio.create_task(self._count_all())
        return await caller

    async def _count_all(self) -> None:
        try:
            while self._callers:
                callers, self._callers = self._callers, {}
                await self._answer(callers)
        finally:
            self._counting = None

    async def _answer(self, callers: Callers) -> None:
        try:
            requests = [len(same) for same in callers.values()]
            async with self._lend() as connection:
                rows = await connection.fetch(COUNT, [*callers], requests, self._window)
        except Exception as error:  # noqa: BLE001 - each caller is told
            for caller in chain.from_iterable(callers.values()):
                if not caller.done():
                    caller.set_exception(error)
            return
        for key_hash, last, seconds_left in rows:
            same = callers[key_hash]
            for number, caller in enumerate(same, last - len(same) + 1):
                if not caller.done():  # one may have gone away
                    caller.set_result(Counted(number, seconds_left))


async def without_waiting(
    connect: Callable[[], Awaitable[asyncpg.Connection]],
) -> asyncpg.Connection:
    """A connection whose commits wait for no disk: what a crash forgets of them, a key may do again."""
    connection = await connect()
    await connection.execute("set synchronous_commit = off")
    return connection


async def prune(connection: Connection, window: timedelta) -> int:
    """Forget keys whose window has ended; returns how many."""
    total = 0
    while deleted := int((await connection.execute(PRUNE, window, BATCH_ROWS)).split()[-1]):
        total += deleted
    return total
