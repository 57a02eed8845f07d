"""Keys that operators hand out: made, listed, found by their prefix, revoked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

Scope = Literal["client", "admin"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as operators see it; `last_used_at` is true to the minute."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the door sees it; `is_stale` when its last use is to be written again."""

    id: UUID
    key_hash: bytes
    scopes: tuple[Scope, ...]
    is_stale: bool


CREATE: Final = """
    insert into api_key (name, prefix, key_hash, scopes) values ($1, $2, $3, $4)
    returning id, name, prefix, scopes, created_at, last_used_at, revoked_at
"""

LIST: Final = """
    select id, name, prefix, scopes, created_at, last_used_at, revoked_at
    from api_key order by created_at desc, id limit $1 offset $2
"""

FIND: Final = """
    select id, key_hash, scopes,
           coalesce(last_used_at < public.clock() - interval '1 minute', true) as is_stale
    from api_key where prefix = $1 and revoked_at is null
"""

REVOKE: Final = """
    update api_key set revoked_at = coalesce(revoked_at, public.clock()) where id = $1
    returning id
"""

USED: Final = """
    update api_key set last_used_at = public.clock()
    where id = $1 and coalesce(last_used_at < public.clock() - interval '1 minute', true)
"""


async def create(
    connection: Connection, *, name: str, prefix: str, key_hash: bytes, scopes: Sequence[str]
) -> ApiKey:
    """The key as kept."""
    (row,) = await connection.fetch(CREATE, name, prefix, key_hash, list(scopes))
    return msgspec.convert(dict(row), ApiKey)


async def newest(connection: Connection, *, limit: int, offset: int) -> Sequence[ApiKey]:
    """The keys, the newest first, those that are revoked included."""
    rows = await connection.fetch(LIST, limit, offset)
    return msgspec.convert([dict(row) for row in rows], list[ApiKey])


async def find(connection: Connection, prefix: str) -> Sequence[Known]:
    """The keys in force that begin so: hardly ever more than one."""
    rows = await connection.fetch(FIND, prefix)
    return msgspec.convert([dict(row) for row in rows], list[Known])


async def revoke(connection: Connection, key_id: UUID) -> bool:
    """Whether there is such a key; it opens nothing from the commit on."""
    return await connection.fetchval(REVOKE, key_id) is not None


async def used(connection: Connection, key_id: UUID) -> None:
    """Write that it was used just now, once a minute at most."""
    await connection.execute(USED, key_id)
