"""Answers that are given again, for a day."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

BATCH_ROWS: Final = 1000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks where under which key; `lock` stands for all three."""

    principal: bytes
    route: str
    key: str
    lock: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and the request that it answered; the order is that of the statement's arguments."""

    request_hash: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


LOCK: Final = "select pg_try_advisory_xact_lock($1)"

FIND: Final = """
    select request_hash, status, headers, body from idempotency
    where principal = $1 and route = $2 and key = $3
      and created_at > public.clock() - interval '24 hours'
"""

# A row that is a day old stands for nothing any more, whether or not it is pruned yet.
STORE: Final = """
    insert into idempotency as old
      (principal, route, key, request_hash, status, headers, body, client_id)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (principal, route, key) do update set
      request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
      body = excluded.body, client_id = excluded.client_id, created_at = excluded.created_at
"""

ERASE: Final = "delete from idempotency where client_id = $1"

PRUNE: Final = """
    delete from idempotency where (principal, route, key) in (
      select principal, route, key from idempotency
      where created_at <= public.clock() - interval '24 hours'
      order by created_at limit $1 for update skip locked)
"""


async def begin(connection: Connection, asked: Asked) -> bool:
    """Whether nobody else is at this request; if so, nobody will be until the transaction ends."""
    return bool(await connection.fetchval(LOCK, asked.lock))


async def find(connection: Connection, asked: Asked) -> Stored | None:
    """What was answered. A statement of its own, after `begin`: it sees what was committed by then."""
    row = await connection.fetchrow(FIND, asked.principal, asked.route, asked.key)
    return Stored(**row) if row else None


async def store(
    connection: Connection, asked: Asked, stored: Stored, client_id: UUID | None
) -> None:
    """Keep an answer, in the transaction of its effect."""
    values = msgspec.structs.astuple(stored)
    await connection.execute(STORE, asked.principal, asked.route, asked.key, *values, client_id)


async def erase(connection: Connection, client_id: UUID) -> None:
    """Forget what was answered about a client."""
    await connection.execute(ERASE, client_id)


async def prune(connection: Connection) -> int:
    """Forget what is a day old, in small batches; returns how many."""
    total = 0
    while deleted := int((await connection.execute(PRUNE, BATCH_ROWS)).split()[-1]):
        total += deleted
    return total
