"""A job: what happened to it, as it happens, and what can be done about it."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.repository import events
from services.gateway.repository import jobs as statuses
from services.gateway.repository.console import jobs
from services.gateway.repository.events import JobNow, Moved
from services.gateway.routes import admin_jobs
from services.gateway.routes.console.act import act
from services.gateway.routes.console.live import event, part
from services.gateway.routes.console.visit import Visit, Visited, shown, written
from services.gateway.routes.events import LastEventId, of_job
from services.gateway.routes.feed import PAGE
from services.gateway.routes.problems import unknown
from services.gateway.routes.streams import MEDIA_TYPE, Movements, Stream
from services.gateway.routes.values import PathId, identifier

After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1)]

SUBJECT: Final = "jobs"
PARTS: Final = ("now", "runs")
"""Of the page, which each movement may change."""
ENDED: Final = "ended"
"""The event at which the page stops listening."""


@get("/jobs/{job_id:str}")
async def show_job(visit: Visited, job_id: PathId) -> Response[bytes]:
    """Show a job with what has moved so far; the page goes on from there."""
    found = identifier(job_id, "job_id")
    async with visit.ports.reading() as connection:
        told = await events.of_job(connection, found, 0, PAGE)
    if told is None:
        raise unknown(f"Job {found} not found")
    return await shown(
        visit,
        "console/job.html",
        SUBJECT,
        moved=told.moved,
        after=told.moved[-1].seq if told.moved else 0,
        is_open=not told.job.has_ended or len(told.moved) == PAGE,
        ended=ENDED,
        **await _names(visit, found),
    )


@get("/jobs/{job_id:str}/events", media_type=MEDIA_TYPE)
async def job_events(
    visit: Visited, job_id: PathId, after: After = 0, last_event_id: LastEventId = None
) -> Response[str]:
    """Send what moves in a job after a movement, as lines of its page, until it ends.

    The page says after which it begins, its reader after which it goes on.
    """
    found = identifier(job_id, "job_id")
    async with visit.ports.reading() as connection:
        newest = await events.newest(connection)
        stands = await events.of_job(connection, found, newest, 1)
    if stands is None:
        raise unknown(f"Job {found} not found")
    since = min(after if last_event_id is None else last_event_id, newest)
    moving = Movements(of_job(visit.ports.reading, found), since, Lines(visit, found))
    return Stream(visit.ports.feed, moving.follow, job_id=found, share="all")


class Lines:
    """Movements as lines of the page, each followed by where the job stands then."""

    def __init__(self, visit: Visit, job_id: UUID) -> None:
        self._visit, self._job_id = visit, job_id

    async def moved(self, moved: Sequence[Moved]) -> bytes:
        """A line each, and then the present state."""
        return b"".join(map(self._line, moved)) + await self._now()

    async def ended(self, job: JobNow) -> bytes:  # noqa: ARG002 - is read anew
        """How it ended, and that nothing follows."""
        no_longer_live = event(part(b"", "#live", "delete"))
        return await self._now() + no_longer_live + event(b"", name=ENDED)

    def _line(self, moved: Moved) -> bytes:
        line = written(self._visit, "console/job_moved.html", SUBJECT, one=moved)
        return event(part(line, "#timeline", "beforeend"), seq=moved.seq)

    async def _now(self) -> bytes:
        names = await _names(self._visit, self._job_id)
        parts = (
            part(
                written(self._visit, f"console/job_{name}.html", SUBJECT, **names),
                f"#{name}",
                "innerMorph",
            )
            for name in PARTS
        )
        return event(b"".join(parts))


@post("/jobs/{job_id:str}/retry")
async def retry(visit: Visited, job_id: PathId) -> Redirect:
    """Start a failed job again."""
    back = f"/console/jobs/{job_id}"
    return await act(visit, admin_jobs.retry_job, back=back, said="retried", job_id=job_id)


@post("/jobs/{job_id:str}/cancel")
async def cancel(visit: Visited, job_id: PathId) -> Redirect:
    """End a job that waits for its retry."""
    back = f"/console/jobs/{job_id}"
    return await act(visit, admin_jobs.cancel_job, back=back, said="cancelled", job_id=job_id)


async def _names(visit: Visit, job_id: UUID) -> dict[str, Any]:
    async with visit.ports.reading() as connection:
        job = await jobs.whole(connection, job_id)
        status = await statuses.job_status(connection, job_id)
        mails = await jobs.mails(connection, job_id)
        letters = await jobs.letters(connection, job_id)
    if job is None or status is None:
        raise unknown(f"Job {job_id} not found")
    return {"job": job, "progress": status.progress, "mails": mails, "letters": letters}


PAGES: Final = (show_job, job_events, retry, cancel)
