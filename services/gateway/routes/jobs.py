"""Jobs: start a delivery, ask for more addresses, follow."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.ids import uuid7
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.domain.progress import JobStatus
from services.gateway.repository import jobs
from services.gateway.repository.jobs import Accepted
from services.gateway.routes.body import Body, StrictRequest
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier

ClientId = Annotated[UUID, Meta(examples=["0199c0de-0000-7000-8000-000000000001"])]


class ProcessClient(Body, frozen=True, kw_only=True):
    """Whose delivery to start."""

    client_id: ClientId


class AddAddresses(Body, frozen=True, kw_only=True):
    """Who gets how many more; without `count` as many as the client's report holds."""

    client_id: ClientId
    count: Annotated[int, Meta(ge=1, le=1000)] | None = None


class JobAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The job that answers the request."""

    success: Literal[True] = True
    job_id: UUID
    client_id: UUID
    message: str


@post("/process-client", tags=["Jobs"], status_code=200, opt={"refuses": [404]})
async def process_client(
    data: JSONBody[ProcessClient], ports: Given, request: StrictRequest
) -> Response[JobAnswer]:
    """Start a delivery for an active client, or name the one under way."""

    async def start(connection: Connection, emit: Emit) -> JobAnswer:
        accepted = await jobs.start_process(
            connection, emit, data.client_id, job_id=uuid7(), seed=ports.seed()
        )
        if accepted is None:
            raise _inactive(data.client_id)
        return _answer(
            request,
            accepted,
            "Processing started" if accepted.created else "Job already in progress",
        )

    return await once(request, ports, start, client_id=data.client_id)


@post("/add-addresses", tags=["Jobs"], status_code=200, opt={"refuses": [404]})
async def add_addresses(
    data: JSONBody[AddAddresses], ports: Given, request: StrictRequest
) -> Response[JobAnswer]:
    """More addresses for an active client: always a job of its own, whatever else is open."""

    async def start(connection: Connection, emit: Emit) -> JobAnswer:
        accepted = await jobs.start_addition(
            connection, emit, data.client_id, data.count, job_id=uuid7(), seed=ports.seed()
        )
        if accepted is None:
            raise _inactive(data.client_id)
        plural = "" if accepted.count == 1 else "es"
        return _answer(request, accepted, f"Adding {accepted.count} address{plural}")

    return await once(request, ports, start, client_id=data.client_id)


@get("/job-status/{job_id:str}", tags=["Jobs"], opt={"refuses": [404], "conditional": True})
async def job_status(job_id: PathId, ports: Given, request: StrictRequest) -> Response[JobStatus]:
    """How a job is; `progress` tells each step of its present run, and how each run so far ended."""
    found = identifier(job_id, "job_id")
    async with ports.reading() as connection:
        status = await jobs.job_status(connection, found)
    if status is None:
        raise unknown(f"Job {found} not found")
    return conditional(request, status, tag_of(status))


def _inactive(client_id: UUID) -> Refusal:
    return unknown(f"Client {client_id} not found or inactive")


def _answer(request: StrictRequest, accepted: Accepted, message: str) -> JobAnswer:
    job_id, kind = str(accepted.job_id), accepted.kind
    note(request, "job_accepted", job_id=job_id, kind=kind, new=accepted.created)
    return JobAnswer(job_id=accepted.job_id, client_id=accepted.client_id, message=message)
