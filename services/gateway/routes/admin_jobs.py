"""Jobs as operators see and move them."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import QueryParameter

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.handlers.closing import close
from services.gateway.repository import admin_jobs, movements
from services.gateway.repository.admin_jobs import JobLine, Stands
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.jobs import JobAnswer
from services.gateway.routes.keys import principal
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.paging import Limit, Offset, page
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier

JobState = Literal["processing", "pending", "completed", "failed"]
Status = Annotated[JobState | None, QueryParameter(name="status", description="Only those")]
Whose = Annotated[UUID | None, QueryParameter(name="client_id", description="Only this client's")]


@get("/jobs", tags=["Jobs"])
async def list_jobs(
    ports: Given,
    request: StrictRequest,
    *,
    status: Status = None,
    client_id: Whose = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response[list[JobLine]]:
    """The jobs, the newest first."""
    async with ports.reading() as connection:
        found = await admin_jobs.page(
            connection, status=status, client_id=client_id, limit=limit + 1, offset=offset
        )
    return page(request, found, limit=limit, offset=offset)


@post("/jobs/{job_id:str}/retry", tags=["Jobs"], status_code=200, opt={"refuses": [404, 409]})
async def retry_job(job_id: PathId, ports: Given, request: StrictRequest) -> Response[JobAnswer]:
    """Start a failed job again, with as many retries as a new one; its choice and mail stay."""
    wanted = identifier(job_id, "job_id")

    async def begin(connection: Connection, emit: Emit) -> JobAnswer:
        job = _known(wanted, await admin_jobs.stands(connection, wanted))
        await _may_begin(connection, job)
        event = await admin_jobs.retry(connection, wanted)
        if event is None:
            raise _refused(wanted, await admin_jobs.stands(connection, wanted), "failed")
        emit(event, None)
        await record(connection, request, "job.retry", wanted, ladder=event.ladder)
        note(request, "job_retried", job_id=str(wanted), ladder=event.ladder)
        return JobAnswer(job_id=wanted, client_id=job.client_id, message="Job started again")

    return await once(request, ports, begin, client_id=_whose)


@post("/jobs/{job_id:str}/cancel", tags=["Jobs"], status_code=200, opt={"refuses": [404, 409]})
async def cancel_job(job_id: PathId, ports: Given, request: StrictRequest) -> Response[JobAnswer]:
    """End a job that waits for its next retry; nobody is alarmed."""
    wanted, by = identifier(job_id, "job_id"), principal(request).prefix

    async def cancel(connection: Connection, _: Emit) -> JobAnswer:
        job = _known(wanted, await admin_jobs.lock(connection, wanted))
        if job.status != "pending":
            raise _refused(wanted, job, "pending")
        reason = f"Cancelled by {by}"
        await close(connection, [wanted], "cancelled", reason=reason, runs=movements)
        await record(connection, request, "job.cancel", wanted)
        note(request, "job_cancelled", job_id=str(wanted))
        return JobAnswer(job_id=wanted, client_id=job.client_id, message=reason)

    return await once(request, ports, cancel, client_id=_whose)


def _whose(answer: JobAnswer) -> UUID:
    return answer.client_id


def _known(job_id: UUID, job: Stands | None) -> Stands:
    if job is None:
        raise unknown(f"Job {job_id} not found")
    return job


async def _may_begin(connection: Connection, job: Stands) -> None:
    """Refuse a run that would fail at once, or stand beside another of its kind."""
    status = await admin_jobs.lock_client(connection, job.client_id)
    if status != "active" and not (status == "test" and job.kind == "test"):
        raise Refusal(409, f"Client {job.client_id} not found or inactive")
    if job.kind == "process" and await admin_jobs.has_open_process(connection, job.client_id):
        raise Refusal(409, f"A job of client {job.client_id} is open; wait for its end")


def _refused(job_id: UUID, job: Stands | None, needed: JobState) -> Refusal:
    status = job.status if job else "gone"
    return Refusal(409, f"Job {job_id} is {status}; only a {needed} one can do that")
