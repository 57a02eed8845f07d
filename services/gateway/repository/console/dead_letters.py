"""Dead letters as the console shows them: in groups of one cause, and each letter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from libs.common import held
from libs.common.postgres import Connection
from services.gateway.repository.dead_letters import HeldMessage, HeldState, Service

LOOKED_AT: Final = 2_000
"""Letters of a service that are put into groups: the newest."""
MOST_GROUPS: Final = 200

# Of which type a message says it is, as its header stands in base64: the last one counts.
_TYPE: Final = """
    left(jsonb_path_query_array(headers, 'strict $[*] ? (@[0] == "ce_type")[1]', '{}', true) ->> -1, 300)
"""
# An error without what differs from message to message: what is quoted, ids, numbers.
_CAUSE: Final = """
    regexp_replace(left(error, 200), '''[^'']*''|"[^"]*"|[0-9a-f-]*[0-9][0-9a-f-]*', '…', 'g')
"""


def everywhere(columns: str, condition: str, *, newest: int | None = None) -> str:
    """Held messages of all services, or of the one that is $1; each branch finds its own index."""
    last = f"order by created_at desc limit {newest}" if newest else ""
    branches = (
        f"(select '{service}' as service, {columns} from {schema}held"  # noqa: S608 - our own constants
        f" where ($1::text is null or $1 = '{service}') and {condition} {last})"
        for service in get_args(Service)
        for schema in ("" if service == "gateway" else f"{service}.",)
    )
    return " union all ".join(branches)


def grouped(columns: str, condition: str) -> str:
    """The newest held messages with the group that each belongs to: its topic, type and cause."""
    kept = everywhere(f"{columns}, headers", condition, newest=LOOKED_AT)
    return f"""
      select *, md5(concat_ws(chr(31), topic, coalesce(raw_type, ''), cause)) as group_id
      from (select *, {_TYPE} as raw_type, {_CAUSE} as cause from ({kept}) as held_there) as named
    """  # noqa: S608 - our own constants


DEAD: Final = grouped("id, topic, error, created_at, updated_at", "state = 'dead'").strip()
_LINE: Final = """
    id, topic, partition, "offset", error, attempts, replays, state, next_attempt_at, created_at, updated_at
"""
GROUPS: Final = f"""
    select service, group_id, topic, raw_type, cause, count(*)::int as letters,
           min(created_at) as oldest_at, max(created_at) as newest_at, public.clock() as seen_at
    from ({DEAD}) as dead
    where $2::text is null or group_id = $2
    group by service, group_id, topic, raw_type, cause
    order by letters desc, newest_at desc, service, group_id
    limit {MOST_GROUPS}
"""  # noqa: S608 - our own constants

LETTERS: Final = f"""
    select service, {_LINE} from ({grouped(_LINE, "state = $3")}) as held_there
    where $2::text is null or group_id = $2
    order by created_at desc, id desc
    limit $4 offset $5
"""  # noqa: S608 - our own constants

LETTER: Final = f"""
    select service, id, topic, partition, "offset", reason, error, attempts, replays, state,
           next_attempt_at, created_at, updated_at, key, headers,
           substring(raw from 1 for 65536) as raw, coalesce(octet_length(raw), 0) as raw_bytes,
           extract(epoch from public.clock() - created_at)::float8 as age_seconds
    from ({everywhere("*", "id = $2")}) as held_there
"""  # noqa: S608 - our own constants

GROUP_OF: Final = f"""
    select group_id from ({grouped("id, topic, error, created_at", "state = 'dead' and id = $2")}) as dead
"""  # noqa: S608 - our own constants

RAW: Final = f"select raw from ({everywhere('raw', 'id = $2')}) as held_there"  # noqa: S608 - our own constants


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters of one service, topic, type and cause."""

    service: Service
    group_id: str
    topic: str
    raw_type: str | None
    """The header that names the type, in base64; nothing where there is none."""
    cause: str
    """Their error without what differs from letter to letter."""
    letters: int
    oldest_at: datetime
    newest_at: datetime
    seen_at: datetime

    @property
    def type(self) -> str:
        """The type that they say they are of, whatever its bytes."""
        [(_, value)] = held.unpacked([("", _whole_quads(self.raw_type or ""))])
        return value.decode("utf-8", "replace")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A held message in a list."""

    service: Service
    id: UUID
    topic: str
    partition: int
    offset: int
    error: str
    attempts: int
    replays: int
    state: HeldState
    next_attempt_at: datetime | None
    created_at: datetime
    updated_at: datetime


async def groups(
    connection: Connection, service: Service | None = None, group_id: str | None = None
) -> Sequence[Group]:
    """The dead letters by what they have in common, the largest group first."""
    rows = await connection.fetch(GROUPS, service, group_id)
    return [Group(**row) for row in rows]


async def letters(
    connection: Connection,
    service: Service | None,
    group_id: str | None,
    state: HeldState,
    *,
    limit: int,
    offset: int,
) -> Sequence[Letter]:
    """A page of what is held in this state, the newest first."""
    rows = await connection.fetch(LETTERS, service, group_id, state, limit, offset)
    return [Letter(**row) for row in rows]


async def letter(connection: Connection, service: Service, held_id: UUID) -> HeldMessage | None:
    """A held message; of its bytes the first 65,536."""
    row: Any = await connection.fetchrow(LETTER, service, held_id)
    if row is None:
        return None
    fields = dict(row)
    return HeldMessage(headers=held.unpacked(fields.pop("headers")), **fields)


async def group_of(connection: Connection, service: Service, held_id: UUID) -> str | None:
    """The group that a letter is in while it is dead."""
    found: str | None = await connection.fetchval(GROUP_OF, service, held_id)
    return found


async def raw(connection: Connection, service: Service, held_id: UUID) -> bytes | None:
    """All bytes of a held message; nothing where it has none, or is none."""
    found: bytes | None = await connection.fetchval(RAW, service, held_id)
    return found


def _whole_quads(encoded: str) -> str:
    """Base64 that was cut, up to its last whole sign."""
    return encoded[: len(encoded) // 4 * 4]
