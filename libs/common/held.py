"""Held messages: what could not be handled is kept with its bytes, and tried again from the row.

Nothing is published again, so no other consumer sees a retry or a replay. Dead letters are the
rows in state `dead`; a replay sets `waiting`.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from libs.common.postgres import Connection

LADDER: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""How long a message waits before its second, third and fourth try; then it is dead."""

HOLD: Final = """
    insert into held_message
      (consumer, event_id, topic, partition, "offset", key, headers, raw, raw_sha256,
       reason, error, attempts, state, next_attempt_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, split_part($10, ':', 1), $10, 1,
            case when $11::interval is null then 'dead' else 'waiting' end, public.clock() + $11)
    on conflict do nothing
"""

TAKE: Final = """
    select id, headers, raw, attempts from held_message
    where consumer = $1 and state = 'waiting' and next_attempt_at <= public.clock()
    order by next_attempt_at limit 1
    for update skip locked
"""

SETTLE: Final = """
    update held_message
    set state = $2, attempts = attempts + 1, error = $3, updated_at = public.clock(),
        next_attempt_at = case when $2 = 'waiting' then public.clock() + $4::interval end
    where id = $1
"""


class Record(Protocol):
    """What we need of a Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def failure(error: BaseException) -> str:
    """What to keep of an error: its type, which is the reason to group by, and what it says.

    Without NUL, which PostgreSQL's text cannot hold, and without PostgreSQL's details, which quote
    rows: this text is logged.
    """
    said = str(error).split("\nDETAIL:")[0].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return f"{type(error).__name__}: {said}"[:2000]


async def hold(
    connection: Connection,
    consumer: str,
    record: Record,
    why: str,
    *,
    event_id: UUID | None = None,
    again_after: timedelta | None = None,
) -> None:
    """Keep a message: to be tried again after a while, or dead at once."""
    place = (record.topic, record.partition, record.offset, record.key)
    kept = (packed(record.headers), record.value, hashlib.sha256(record.value or b"").digest())
    await connection.execute(HOLD, consumer, event_id, *place, *kept, why, again_after)


async def settle(
    connection: Connection, held_id: UUID, attempts: int, why: str, *, final: bool
) -> str:
    """Say how a try from the row ended; returns the row's new state."""
    wait = None if final or attempts >= len(LADDER) else LADDER[attempts]
    state = "dead" if wait is None else "waiting"
    await connection.execute(SETTLE, held_id, state, why, wait)
    return state


async def done(connection: Connection, held_id: UUID) -> None:
    """A try from the row succeeded."""
    await connection.execute(SETTLE, held_id, "done", "", None)


async def take(connection: Connection, consumer: str) -> Any:
    """The message that has waited longest of those due, locked, or nothing."""
    return await connection.fetchrow(TAKE, consumer)


def packed(headers: Sequence[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Headers as JSON can hold them, whatever their bytes."""
    clean = ((name.replace("\x00", "\N{REPLACEMENT CHARACTER}"), value) for name, value in headers)
    return [(name, base64.b64encode(value or b"").decode()) for name, value in clean]


def unpacked(headers: Sequence[Sequence[str]]) -> list[tuple[str, bytes]]:
    """The headers as they arrived."""
    return [(name, base64.b64decode(value)) for name, value in headers]
