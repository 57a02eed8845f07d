"""The present runs of jobs: read under a lock, written by one statement each."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.domain.movements import Movement, hours_until_retry
from services.gateway.domain.runs import Advance, Run

# Plans are kept, and the first ones are made while the tables are empty.
BY_KEYS: Final = "set local enable_seqscan = off"

LOCK: Final = """
    select id as job_id, client_id, kind, run, ladder, attempt,
           coalesce(alerted_ladder = ladder, false) as alerted
    from job where id = any($1::uuid[])
    order by id for update
"""

# A statement of its own: it must see what was committed while LOCK waited.
KNOWN: Final = """
    select m.job_id, m.step, m.state, m.detail, m.at
    from movement m join job j on j.id = m.job_id and j.run = m.run
    where m.job_id = any($1::uuid[])
    order by m.id
"""

ADD: Final = """
    insert into movement (job_id, run, step, state, detail)
    select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::jsonb[])
"""

KEEP: Final = """
    update job j
    set status = new.status,
        properties_assigned = coalesce(new.found, j.properties_assigned),
        error_message = new.error,
        next_attempt_at = case when new.status = 'pending' then
          coalesce(j.next_attempt_at, public.clock() + new.hours * interval '1 hour') end,
        alerted_ladder = case when new.alert then j.ladder else j.alerted_ladder end,
        moved_at = public.clock(), updated_at = public.clock()
    from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::boolean[])
         as new (job_id, status, found, error, hours, alert)
    where j.id = new.job_id
"""


async def lock_runs(conn: Connection, job_ids: Sequence[UUID]) -> Sequence[Run]:
    """The present runs of those jobs that exist, locked in the order of their ids."""
    await conn.execute(BY_KEYS)
    jobs = await conn.fetch(LOCK, job_ids)
    known: dict[UUID, list[Movement]] = {job["job_id"]: [] for job in jobs}
    for row in await conn.fetch(KNOWN, list(known)):
        known[row["job_id"]].append(_movement(row))
    return [Run(movements=tuple(known[job["job_id"]]), **dict(job)) for job in jobs]


def _movement(row: Any) -> Movement:
    return msgspec.convert(dict(row), Movement)


async def write_advances(conn: Connection, advances: Sequence[Advance]) -> None:
    """Add the news of runs, and keep what they make of their jobs."""
    news = [
        (moved.run.job_id, moved.run.run, new.step, new.state, new.detail)
        for moved in advances
        for new in moved.news
    ]
    await conn.execute(ADD, *zip(*news, strict=True))
    await conn.execute(KEEP, *zip(*map(_kept, advances), strict=True))


def _kept(moved: Advance) -> tuple[Any, ...]:
    now = moved.outcome
    hours = hours_until_retry(moved.run.attempt)
    return moved.run.job_id, now.status, now.found, now.error, hours, moved.alert is not None
