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

import msgspec

from libs.common.postgres import Connection

LADDER: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""How long a message waits before its second, third and fourth try; then it is dead."""

HOLD: Final = """
    insert into held_message
      (consumer, event_id, topic, partition, "offset", key, headers, raw, raw_sha256,
       reason, error, attempts, state, next_attempt_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1,
            case when $12::interval is null then 'dead' else 'waiting' end, public.clock() + $12)
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
    set state = $2, attempts = attempts + $3, error = $4, updated_at = public.clock(),
        next_attempt_at = case when $2 = 'waiting' then public.clock() + $5::interval end
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


class Failure(msgspec.Struct, frozen=True):
    """Why a message was not handled: a word for grouping, a sentence for a person."""

    reason: str
    error: str


def failure(error: BaseException) -> Failure:
    """What to keep of an error.

    Without NUL, which PostgreSQL's text cannot hold, and without PostgreSQL's details, which quote
    rows: this text is logged.
    """
    said = str(error).split("\nDETAIL:")[0].replace("\x00", "\N{REPLACEMENT CHARACTER}")
    text = f"{type(error).__name__}: {said}"
    return Failure(reason=type(error).__name__, error=text[:2000])


async def hold(
    connection: Connection,
    consumer: str,
    record: Record,
    why: Failure,
    *,
    event_id: UUID | None = None,
    again_after: timedelta | None = None,
) -> None:
    """Keep a message: to be tried again after a while, or dead at once."""
    raw = record.value or b""
    place = (record.topic, record.partition, record.offset, record.key)
    kept = (packed(record.headers), record.value, hashlib.sha256(raw).digest())
    said = (why.reason, why.error, again_after)
    await connection.execute(HOLD, consumer, event_id, *place, *kept, *said)


async def settle(
    connection: Connection, held_id: UUID, attempts: int, why: Failure, *, final: bool
) -> str:
    """Say how a try from the row ended; returns the row's new state."""
    wait = None if final or attempts >= len(LADDER) else LADDER[attempts]
    state = "dead" if wait is None else "waiting"
    await connection.execute(SETTLE, held_id, state, 1, why.error, wait)
    return state


async def done(connection: Connection, held_id: UUID) -> None:
    """A try from the row succeeded."""
    await connection.execute(SETTLE, held_id, "done", 1, "", None)


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
