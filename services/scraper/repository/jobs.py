"""Who waits for which city. All rows of a job are of one run, the newest."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.events import ClientProcess
from libs.common.postgres import Connection
from services.scraper.handlers.ports import Released, Wanted

NEWEST_RUNS: Final = """
    select job_id, max(run) as run from waiting_job where job_id = any($1::uuid[]) group by job_id
"""

FORGET: Final = """
    delete from waiting_job
    using unnest($1::uuid[], $2::int[]) as asking(job_id, run)
    where waiting_job.job_id = asking.job_id
      and waiting_job.run <= asking.run  -- a newer one may have come by another process
      and not exists (
        select from unnest($3::uuid[], $4::text[]) as kept(job_id, insee_code)
        where kept.job_id = waiting_job.job_id and kept.insee_code = waiting_job.insee_code
      )
"""

WAIT: Final = """
    insert into waiting_job (job_id, insee_code, run, total, event, cause)
    select * from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::jsonb[], $6::jsonb[])
      as waiting(job_id, insee_code, run, total, event, cause)
    order by job_id, insee_code
    on conflict (job_id, insee_code)
    do update set run = excluded.run, total = excluded.total, event = excluded.event,
                  cause = excluded.cause
    where excluded.run >= waiting_job.run
"""

# Two workers that release the last two cities of a job would each see the other's.
ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtextextended('scraper.release', 0))"

RELEASE: Final = """
    with released as (
      delete from waiting_job where insee_code = $1
      returning job_id, total, event, cause
    )
    select event, cause, total,
           (select count(*) from waiting_job w
            where w.job_id = released.job_id and w.insee_code <> $1) as remaining
    from released
    order by job_id
"""


class PostgresJobs(msgspec.Struct, frozen=True):
    connection: Connection

    async def newest_runs(self, job_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """The run with which each of these jobs waits, if it does."""
        rows = await self.connection.fetch(NEWEST_RUNS, list(job_ids))
        return {row["job_id"]: row["run"] for row in rows}

    async def wait(self, waiting: Sequence[tuple[Wanted, Sequence[str]]]) -> None:
        """Let each job wait for these cities and for no others."""
        rows = [_row(one, city) for one, cities in waiting for city in cities]
        job_ids, cities, runs, totals, events, causes = (
            [row[at] for row in rows] for at in range(6)
        )
        asking = [one.event for one, _ in waiting]
        asked = ([event.job_id for event in asking], [event.run for event in asking])
        await self.connection.execute(FORGET, *asked, job_ids, cities)
        if rows:
            await self.connection.execute(WAIT, job_ids, cities, runs, totals, events, causes)

    async def release(self, insee_code: str) -> Sequence[Released]:
        """The jobs that waited for this city, each with how many cities it still waits for."""
        await self.connection.execute(ONE_AT_A_TIME)
        rows = await self.connection.fetch(RELEASE, insee_code)
        return [
            Released(
                received=_received(row["event"], row["cause"]),
                remaining=row["remaining"],
                total=row["total"],
            )
            for row in rows
        ]


def _row(one: Wanted, city: str) -> tuple[object, ...]:
    event, received = one.event, one.received
    cause = {
        "id": received.id,
        "correlation_id": received.correlation_id,
        "traceparent": received.traceparent,
    }
    return event.job_id, city, event.run, len(one.cities), event, cause


def _received(event: object, cause: Mapping[str, str]) -> Received[ClientProcess]:
    return Received(
        id=UUID(cause["id"]),
        event=msgspec.convert(event, ClientProcess),
        correlation_id=cause["correlation_id"],
        traceparent=cause["traceparent"],
    )
