"""Jobs: start the retries, clean up what has ended."""

from typing import Annotated, Literal

import msgspec
import structlog
from litestar import Response, delete, post
from litestar.params import QueryParameter

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.handlers.retries import BATCH, Restarted, start_due
from services.gateway.repository import admin_jobs, movements, retries
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.settings import GatewaySettings

log = structlog.get_logger()

Early = Annotated[bool, QueryParameter(name="all", description="Those too that are not due yet")]
Days = Annotated[
    int, QueryParameter(ge=1, le=36500, description="Ended, and untouched for so many days")
]
SettledDays = Annotated[
    int | None,
    QueryParameter(
        ge=1,
        le=36500,
        description="Ended, and untouched for so many days; without it as JOB_CLEANUP_DAYS says",
    ),
]


class RetriesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How many retries began, and how many jobs ended for want of an active client."""

    success: Literal[True] = True
    processed: int
    failed: int
    message: str


class CleanupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs are no more."""

    success: Literal[True] = True
    cleaned_jobs: int
    message: str


class DeletionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs are no more."""

    success: Literal[True] = True
    deleted_jobs: int
    message: str


@post("/process-retry-queue", tags=["Jobs"], status_code=200)
async def process_retry_queue(
    ports: Given, request: StrictRequest, *, early: Early = False
) -> Response[RetriesAnswer]:
    """Begin every retry that is due now, which happens by itself too; with `all` also the others."""

    async def start(connection: Connection, emit: Emit) -> RetriesAnswer:
        began = await _start_all(connection, emit, ports.settings, early=early)
        message = f"Processed {_jobs(began.processed)}, {began.failed} failed"
        return RetriesAnswer(processed=began.processed, failed=began.failed, message=message)

    return await once(request, ports, start)


@post("/cleanup-jobs", tags=["Jobs"], status_code=200)
async def cleanup_jobs(
    ports: Given, request: StrictRequest, older_than_days: SettledDays = None
) -> Response[CleanupAnswer]:
    """Delete jobs that ended long ago; never a delivery that the present month still owes."""
    days = older_than_days or ports.settings.job_cleanup_days

    async def clean(connection: Connection, _: Emit) -> CleanupAnswer:
        cleaned = await admin_jobs.clean(connection, days)
        note(request, "jobs_cleaned", jobs=cleaned, older_than_days=days)
        return CleanupAnswer(cleaned_jobs=cleaned, message=_cleaned("Cleaned", cleaned, days))

    return await once(request, ports, clean)


@delete("/jobs/cleanup", tags=["Jobs"], status_code=200)
async def delete_old_jobs(
    ports: Given, request: StrictRequest, older_than_days: Days = 30
) -> DeletionAnswer:
    """Delete jobs that ended long ago, by the same rules as `cleanup-jobs`."""
    async with ports.writing() as (connection, _):
        deleted = await admin_jobs.clean(connection, older_than_days)
        about = {"deleted_jobs": deleted, "older_than_days": older_than_days}
        await record(connection, request, "job.cleanup", "", **about)
    log.info("jobs_cleaned", jobs=deleted, older_than_days=older_than_days)
    message = _cleaned("Deleted", deleted, older_than_days)
    return DeletionAnswer(deleted_jobs=deleted, message=message)


async def _start_all(
    connection: Connection, emit: Emit, settings: GatewaySettings, *, early: bool
) -> Restarted:
    processed, failed, more = 0, 0, True
    while more:
        began = await start_due(
            connection,
            emit,
            retries=retries,
            runs=movements,
            max_retries=settings.max_job_retries,
            early=early,
        )
        processed, failed = processed + began.processed, failed + began.failed
        more = began.processed + began.failed == BATCH
    return Restarted(processed=processed, failed=failed)


def _cleaned(verb: str, number: int, days: int) -> str:
    return f"{verb} {_jobs(number)} older than {days} day{'' if days == 1 else 's'}"


def _jobs(number: int) -> str:
    return f"{number} job{'' if number == 1 else 's'}"
