"""Jobs as operators see and move them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.events import ClientProcess
from libs.common.postgres import Connection
from services.gateway.repository.jobs import process_event


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """The person a job is for."""

    first_name: str
    last_name: str
    email: str


class JobLine(msgspec.Struct, frozen=True, kw_only=True):
    """A job in a list; nobody stands in `clients` once the client is erased."""

    job_id: UUID
    client_id: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    status: Literal["processing", "pending", "completed", "failed"]
    properties_assigned: int | None
    attempt_count: int
    """1 for the first run, one more for each retry of the present ladder."""
    last_attempt: datetime
    next_attempt: datetime | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    clients: Whose | None


PAGE: Final = """
    select j.id as job_id, j.client_id, j.kind, j.status, j.properties_assigned,
           j.attempt as attempt_count, j.last_attempt_at as last_attempt,
           j.next_attempt_at as next_attempt, j.error_message, j.created_at, j.updated_at,
           c.first_name, c.last_name, c.email
    from job j left join client c on c.id = j.client_id
    where ($1::text is null or j.status = $1) and ($2::uuid is null or j.client_id = $2)
    order by j.created_at desc, j.id
    limit $3 offset $4
"""

STANDS: Final = "select client_id, kind, status from job where id = $1"
LOCK: Final = STANDS + " for update"

# Whoever starts a job for the client waits, and so does its erasure.
LOCK_CLIENT: Final = "select status from client where id = $1 for update"

HAS_OPEN_PROCESS: Final = """
    select exists (
      select from job
      where client_id = $1 and kind = 'process' and status in ('processing', 'pending'))
"""

RETRY: Final = """
    with begun as (
      update job j
      set run = j.run + 1, ladder = j.ladder + 1, attempt = 1, status = 'processing',
          error_message = null, cities = c.chosen_cities, kinds = c.property_type_preferences,
          last_attempt_at = public.clock(), moved_at = public.clock(), updated_at = public.clock()
      from client c
      where j.id = $1 and c.id = j.client_id and j.status = 'failed'
      returning j.*
    ), moved as (
      insert into movement (job_id, run, step, state, detail)
      select id, run, 'scrape', 'running', jsonb_build_object('ladder', ladder) from begun
    )
    select id as job_id, client_id, kind, run, ladder, count, cities, kinds, as_of, seed, refresh
    from begun
"""

# What a month still owes somebody stays to be retried, however old it is.
CLEAN: Final = """
    with old as (
      select id from job j
      where status in ('completed', 'failed')
        and updated_at <= public.clock() - make_interval(days => $1::int)
        and not (kind = 'scheduled' and status = 'failed' and exists (
          select from monthly_delivery d
          where d.job_id = j.id
            and d.month >= date_trunc('month', public.clock() at time zone 'Europe/Paris')::date))
      order by id for update skip locked
    ), cleaned as (
      delete from job using old where job.id = old.id returning job.id
    )
    select count(*) from cleaned
"""


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job stands."""

    client_id: UUID
    kind: str
    status: str


async def page(
    connection: Connection, *, status: str | None, client_id: UUID | None, limit: int, offset: int
) -> Sequence[JobLine]:
    """Some of the jobs, the newest first."""
    rows = await connection.fetch(PAGE, status, client_id, limit, offset)
    return [line(dict(row)) for row in rows]


def line(fields: dict[str, Any]) -> JobLine:
    """A job from the columns of a list."""
    person = {name: fields.pop(name) for name in Whose.__struct_fields__}
    return JobLine(clients=Whose(**person) if person["email"] else None, **fields)


async def stands(connection: Connection, job_id: UUID) -> Stands | None:
    """Where a job stands at this moment."""
    row = await connection.fetchrow(STANDS, job_id)
    return Stands(**row) if row else None


async def lock(connection: Connection, job_id: UUID) -> Stands | None:
    """Where a job stands, kept to this transaction."""
    row = await connection.fetchrow(LOCK, job_id)
    return Stands(**row) if row else None


async def lock_client(connection: Connection, client_id: UUID) -> str | None:
    """The status of a client, kept to this transaction; none for one who is gone."""
    return await connection.fetchval(LOCK_CLIENT, client_id)


async def has_open_process(connection: Connection, client_id: UUID) -> bool:
    """Whether a job of kind `process` is open; asked while the client is locked, it stays so."""
    return bool(await connection.fetchval(HAS_OPEN_PROCESS, client_id))


async def retry(connection: Connection, job_id: UUID) -> ClientProcess | None:
    """The event that begins a new ladder of a failed job, for its client as it is now."""
    row = await connection.fetchrow(RETRY, job_id)
    return process_event(row) if row else None


async def clean(connection: Connection, older_than_days: int) -> int:
    """Delete the jobs that ended so long ago, but for deliveries that this month still owes."""
    return await connection.fetchval(CLEAN, older_than_days) or 0
