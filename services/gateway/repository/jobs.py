"""Accepting jobs, and telling how they are."""

from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.errors import TransientError
from libs.common.events import ClientProcess, JobKind
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.domain.attempts import RunMovement, attempts
from services.gateway.domain.progress import JobStatus, progress

# Read committed: what another transaction has just committed is seen by the next statement.
ROUNDS: Final = 3

OPEN: Final = """
    select j.id, j.kind, j.count
    from client c
    left join lateral (
      select id, kind, count from job
      where client_id = c.id and kind in ('process', 'scheduled')
        and status in ('processing', 'pending')
      order by created_at, id limit 1
    ) j on true
    where c.id = $1 and c.status = 'active'
"""

# Of a client who is being erased nothing begins any more.
START: Final = """
    with started as (
      insert into job (id, client_id, kind, count, as_of, seed, cities, kinds)
      select $1, id, $3, coalesce($4, addresses_per_report),
             (public.clock() at time zone 'Europe/Paris')::date, $5,
             chosen_cities, property_type_preferences
      from client where id = $2 and status = 'active'
      for key share
      on conflict (client_id) where kind = 'process' and status in ('processing', 'pending')
        do nothing
      returning *
    ), moved as (
      insert into movement (job_id, run, step, state)
      select id, run, 'scrape', 'running' from started
    )
    select id as job_id, client_id, kind, run, ladder, count, cities, kinds, as_of, seed, refresh
    from started
"""

# As text: what is read into its own type need not be a dictionary before. How an earlier run ended
# does not depend on how many of its cities were done when.
STATUS: Final = """
    select j.id as job_id, j.client_id, j.kind, j.status, j.properties_assigned, j.error_message,
           j.created_at, j.updated_at, j.run, j.attempt, j.next_attempt_at,
           (select json_agg(json_build_object('run', m.run, 'step', m.step, 'state', m.state,
                                              'detail', m.detail, 'at', m.at)
                            order by m.run, m.id)
            from movement m
            where m.job_id = j.id
              and (m.run = j.run or m.state <> 'running' or not m.detail ? 'total')
           )::text as movements
    from job j where j.id = $1
"""


MOVEMENTS: Final = msgspec.json.Decoder(list[RunMovement])


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A job that answers a request; `created` is false for one that was already open."""

    job_id: UUID
    client_id: UUID
    kind: JobKind
    count: int
    created: bool


async def start_process(
    conn: Connection, emit: Emit, client_id: UUID, *, job_id: UUID, seed: int
) -> Accepted | None:
    """A delivery for a client, or the one under way; nothing if there is no such active client.

    Belongs into the transaction of the request. Of many at once one creates, the others wait for
    its commit and get its job. `seed` is random, 0 ≤ seed < 2^53.
    """
    for _ in range(ROUNDS):
        row = await conn.fetchrow(OPEN, client_id)
        if row is None:
            return None
        if row["id"]:
            known = {"job_id": row["id"], "kind": row["kind"], "count": row["count"]}
            return Accepted(client_id=client_id, created=False, **known)
        if accepted := await _start(conn, emit, job_id, client_id, "process", None, seed):
            return accepted
    raise TransientError(f"Jobs of client {client_id} open and close too fast to answer")


async def start_addition(
    conn: Connection, emit: Emit, client_id: UUID, count: int | None, *, job_id: UUID, seed: int
) -> Accepted | None:
    """A job of its own for `count` more homes, or as many as the client's report holds."""
    return await _start(conn, emit, job_id, client_id, "add", count, seed)


async def _start(conn: Connection, emit: Emit, *wanted: Any) -> Accepted | None:
    row = await conn.fetchrow(START, *wanted)
    if row is None:
        return None
    begun = process_event(row)
    emit(begun, None)
    return Accepted(
        job_id=begun.job_id,
        client_id=begun.client_id,
        kind=begun.kind,
        count=begun.count,
        created=True,
    )


def process_event(row: Any) -> ClientProcess:
    """The event that begins a run, from a row with the columns of its fields."""
    return msgspec.convert(dict(row), ClientProcess)


async def job_status(conn: Connection, job_id: UUID) -> JobStatus | None:
    """How a job is, with the progress of its present run and the end of each earlier one."""
    row = await conn.fetchrow(STATUS, job_id)
    if row is None:
        return None
    fields = dict(row)
    movements = MOVEMENTS.decode(fields.pop("movements") or "[]")
    run = fields.pop("run")
    shown = progress(
        [movement for movement in movements if movement.run == run],
        attempt=fields.pop("attempt"),
        next_attempt_at=fields.pop("next_attempt_at"),
        attempts=attempts(movements),
    )
    return JobStatus(progress=shown, **fields)
