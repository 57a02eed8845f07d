"""Movements in the order of their commits, as streams tell them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.domain.movements import Detail, State, Status, Step


class JobNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job stands while its movements are read."""

    job_id: UUID
    client_id: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    status: Status
    properties_assigned: int | None
    error_message: str | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will move, unless an operator starts it again."""
        return self.status in {"completed", "failed"}


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A movement with its place in the order of commits."""

    seq: int
    job: JobNow
    run: int
    step: Step | Literal["job"]
    state: State
    detail: Detail
    at: datetime


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a job's movements, and where the job stands as of the same instant."""

    job: JobNow
    moved: Sequence[Moved]


NEWEST: Final = "select coalesce(max(seq), 0) from movement"

AFTER: Final = """
    select m.seq, m.run, m.step, m.state, m.detail, m.at, j.id as job_id, j.client_id, j.kind,
           j.status, j.properties_assigned, j.error_message
    from movement m join job j on j.id = m.job_id
    where m.seq > $1
    order by m.seq limit $2
"""

# One row at least for a job that exists: where it stands belongs to the same snapshot.
OF_JOB: Final = """
    select m.seq, m.run, m.step, m.state, m.detail, m.at, j.id as job_id, j.client_id, j.kind,
           j.status, j.properties_assigned, j.error_message
    from job j
    left join lateral (
      select * from movement where job_id = j.id and seq > $2 order by seq limit $3
    ) m on true
    where j.id = $1
    order by m.seq
"""


async def newest(connection: Connection) -> int:
    """The number of the last movement that is committed."""
    return cast(int, await connection.fetchval(NEWEST))


async def after(connection: Connection, seq: int, limit: int) -> Sequence[Moved]:
    """What has moved since, in the order of commits."""
    return [_moved(row) for row in await connection.fetch(AFTER, seq, limit)]


async def of_job(connection: Connection, job_id: UUID, seq: int, limit: int) -> Told | None:
    """What of a job has moved since; nothing if there is no such job."""
    rows = await connection.fetch(OF_JOB, job_id, seq, limit)
    if not rows:
        return None
    moved = [_moved(row) for row in rows if row["seq"] is not None]
    return Told(job=msgspec.convert(dict(rows[0]), JobNow), moved=moved)


def _moved(row: Any) -> Moved:
    fields = dict(row)
    return msgspec.convert({**fields, "job": fields}, Moved)
