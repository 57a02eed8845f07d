"""Movements as events of a stream, as programs read them."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID

import msgspec

from services.gateway.domain.movements import Detail
from services.gateway.repository.events import JobNow, Moved


class JobMoved(msgspec.Struct, frozen=True, kw_only=True):
    """The data of `job.step`, and of `job.closed` (then `step` is `job`)."""

    job: UUID
    client: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    run: int
    step: str
    state: str
    done: int | None
    total: int | None
    note: str
    next_try_at: datetime | None
    at: datetime
    status: str
    """Of the job, when this was read."""


class JobEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The data of `job.ended`."""

    job: UUID
    status: str
    properties_assigned: int | None
    error_message: str | None


class Json:
    """The words of the streams of the interface."""

    async def moved(self, moved: Sequence[Moved]) -> bytes:
        """`job.step` and `job.closed`."""
        return b"".join(map(encoded, moved))

    async def ended(self, job: JobNow) -> bytes:
        """`job.ended`."""
        said = JobEnded(
            job=job.job_id,
            status=job.status,
            properties_assigned=job.properties_assigned,
            error_message=job.error_message,
        )
        return _event("job.ended", said)


@lru_cache(maxsize=2048)
def encoded(moved: Moved) -> bytes:
    """A movement as an event of the stream; written once for all who hear of it at the same time."""
    detail = moved.detail
    done, total = reached(detail)
    said = JobMoved(
        job=moved.job.job_id,
        client=moved.job.client_id,
        kind=moved.job.kind,
        run=moved.run,
        step=moved.step,
        state="failed" if moved.state == "broken" else moved.state,
        done=done,
        total=total,
        note=detail.note or detail.reason,
        next_try_at=detail.next_try_at,
        at=moved.at,
        status=moved.job.status,
    )
    return _event("job.closed" if moved.step == "job" else "job.step", said, moved.seq)


def reached(detail: Detail) -> tuple[int | None, int | None]:
    """How much of how much a movement says is done, where it says so."""
    if detail.found is not None:
        return detail.found, detail.requested
    return (detail.done, detail.total) if detail.total else (None, None)


def _event(name: str, data: msgspec.Struct, seq: int | None = None) -> bytes:
    number = b"" if seq is None else b"id: %d\n" % seq
    return b"%sevent: %s\ndata: %s\n\n" % (number, name.encode(), msgspec.json.encode(data))
