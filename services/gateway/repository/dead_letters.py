"""Messages that a service could not handle, wherever they are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec

from libs.common import held
from libs.common.postgres import Connection

Service = Literal["gateway", "scraper", "assigner", "notifier", "scheduler"]
HeldState = Literal["waiting", "dead", "done", "discarded"]
FoundIn = Literal["waiting", "dead", "done", "discarded", "busy"]


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its service keeps it; of its bytes the first 65,536."""

    service: Service
    id: UUID
    topic: str
    partition: int
    offset: int
    reason: str
    error: str
    attempts: int
    replays: int
    state: HeldState
    next_attempt_at: datetime | None
    created_at: datetime
    updated_at: datetime
    age_seconds: float
    key: bytes | None
    headers: Sequence[tuple[str, bytes]]
    raw: bytes | None
    raw_bytes: int


# Ids first: the bytes are read of those on the page only.
LIST: Final = """
    with page as (
      select service, id from (
        select 'gateway' as service, id, state, created_at from held
        union all select 'scraper', id, state, created_at from scraper.held
        union all select 'assigner', id, state, created_at from assigner.held
        union all select 'notifier', id, state, created_at from notifier.held
        union all select 'scheduler', id, state, created_at from scheduler.held
      ) as everywhere
      where ($1::text is null or service = $1) and state = $2
      order by created_at desc, id desc
      limit $3 offset $4
    )
    select page.service, one.id, one.topic, one.partition, one."offset", one.reason, one.error,
           one.attempts, one.replays, one.state, one.next_attempt_at, one.created_at,
           one.updated_at, one.key, one.headers, substring(one.raw from 1 for 65536) as raw,
           coalesce(octet_length(one.raw), 0) as raw_bytes,
           extract(epoch from public.clock() - one.created_at)::float8 as age_seconds
    from page
    cross join lateral (
      select * from held where page.service = 'gateway' and id = page.id
      union all
      select * from scraper.held where page.service = 'scraper' and id = page.id
      union all
      select * from assigner.held where page.service = 'assigner' and id = page.id
      union all
      select * from notifier.held where page.service = 'notifier' and id = page.id
      union all
      select * from scheduler.held where page.service = 'scheduler' and id = page.id
    ) as one
    order by one.created_at desc, one.id desc
"""

REPLAY: Final = """
    select case $1::text
      when 'gateway' then replay_held($2)
      when 'scraper' then scraper.replay_held($2)
      when 'assigner' then assigner.replay_held($2)
      when 'notifier' then notifier.replay_held($2)
      when 'scheduler' then scheduler.replay_held($2) end
"""

DISCARD: Final = """
    select case $1::text
      when 'gateway' then discard_held($2)
      when 'scraper' then scraper.discard_held($2)
      when 'assigner' then assigner.discard_held($2)
      when 'notifier' then notifier.discard_held($2)
      when 'scheduler' then scheduler.discard_held($2) end
"""


async def find(
    connection: Connection, service: Service | None, state: HeldState, *, limit: int, offset: int
) -> Sequence[HeldMessage]:
    """A page of what is held, the newest first."""
    rows = await connection.fetch(LIST, service, state, limit, offset)
    return [_message(row) for row in rows]


async def replay(connection: Connection, service: Service, held_id: UUID) -> FoundIn | None:
    """Have a dead letter tried again at once; the state that it was found in."""
    return cast(FoundIn | None, await connection.fetchval(REPLAY, service, held_id))


async def discard(connection: Connection, service: Service, held_id: UUID) -> FoundIn | None:
    """Have a message never tried again; the state that it was found in."""
    return cast(FoundIn | None, await connection.fetchval(DISCARD, service, held_id))


def _message(row: Any) -> HeldMessage:
    fields = dict(row)
    return HeldMessage(headers=held.unpacked(fields.pop("headers")), **fields)
