"""Operators try out a client's processing."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from litestar import Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.ids import uuid7
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.domain.progress import JobStatus
from services.gateway.repository import jobs, trials
from services.gateway.routes.answer import Answer
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, StrictRequest
from services.gateway.routes.jobs import ClientId
from services.gateway.routes.noted import note
from services.gateway.routes.once import Replayed, once
from services.gateway.routes.ports import Given, Ports
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.properties import FollowUp, Property, estimate, position, told
from services.gateway.routes.waiting import until


class TryClient(Body, frozen=True, kw_only=True):
    """Whose processing to try out; `dry_run` only looks at what would be chosen."""

    client_id: ClientId
    count: Annotated[int, Meta(ge=1, le=1000)] = 5
    dry_run: bool = False


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; `href` shows the job, now and later. A dry run has no job."""

    success: bool
    client_id: UUID
    properties_assigned: int
    email_sent: bool
    properties: Sequence[Property]
    message: str
    job_id: UUID | None = None
    href: str | None = None


@post(
    "/test-client-processing",
    tags=["Jobs"],
    status_code=200,
    responses={202: ResponseSpec(TrialAnswer, description="Not done after 30 seconds")},
    opt={"refuses": [404]},
)
async def try_client(
    data: JSONBody[TryClient], ports: Given, request: StrictRequest
) -> Response[TrialAnswer]:
    """Run a real job of kind `test` for an active or test client on what is in stock, and wait.

    Its mail goes to the client, its addresses count as delivered. 202 where it is not done after 30
    seconds. With `dry_run` nothing is written or sent, and the answer shows what would be chosen.
    """
    begun = await begin(data, ports, request)
    if isinstance(begun, Replayed) or begun.content.job_id is None:
        return begun
    return await _waited(ports, begun, begun.content.job_id)


async def begin(data: TryClient, ports: Ports, request: StrictRequest) -> Response[TrialAnswer]:
    """Start the job, or look at what it would choose; waits for nothing."""

    async def start(connection: Connection, emit: Emit) -> Response[TrialAnswer]:
        if data.dry_run:
            return Answer(await _preview(connection, ports, data))
        job_id = uuid7()
        if not await trials.start(
            connection, emit, data.client_id, data.count, job_id=job_id, seed=ports.seed()
        ):
            raise _not_served(data.client_id)
        await record(connection, request, "client.test", data.client_id, job_id=str(job_id))
        note(request, "job_accepted", job_id=str(job_id), kind="test", new=True)
        return Answer(_under_way(data.client_id, job_id), status_code=202)

    return await once(request, ports, start, client_id=data.client_id)


def _not_served(client_id: UUID) -> Refusal:
    return unknown(f"Client {client_id} not found, or neither active nor test")


async def _preview(connection: Connection, ports: Ports, data: TryClient) -> TrialAnswer:
    if not await trials.is_served(connection, data.client_id):
        raise _not_served(data.client_id)
    rows = await trials.preview(connection, data.client_id, data.count, ports.seed())
    return TrialAnswer(
        success=True,
        client_id=data.client_id,
        properties_assigned=0,
        email_sent=False,
        properties=[_would_be(dict(row)) for row in rows],
        message=f"Would assign {len(rows)} of {data.count}; nothing was written or sent",
    )


def _would_be(fields: dict[str, Any]) -> Property:
    facts = {name: fields[name] for name in Property.__struct_fields__ if name in fields}
    return Property(
        **facts,
        address_id=uuid5(NAMESPACE_URL, f"urn:trackimmo:home:{fields['home_key']}"),
        client_address_info=FollowUp(send_date=fields["send_date"]),
        position=position(fields | {"position_score": None}),
        estimate=estimate(fields),
    )


async def _waited(
    ports: Ports, begun: Response[TrialAnswer], job_id: UUID
) -> Response[TrialAnswer]:
    status = await until(ports, partial(_ended, job_id=job_id))
    if status is None:
        return begun
    async with ports.reading() as connection:
        rows = await trials.chosen(connection, status.client_id, status.job_id)
    return Answer(_ended_so(status, [Property(**told(row)) for row in rows]), status_code=200)


async def _ended(connection: Connection, *, job_id: UUID) -> JobStatus | None:
    status = await jobs.job_status(connection, job_id)
    return None if status is None or status.status == "processing" else status


def _under_way(client_id: UUID, job_id: UUID) -> TrialAnswer:
    return TrialAnswer(
        success=False,
        client_id=client_id,
        properties_assigned=0,
        email_sent=False,
        properties=(),
        message="The job is under way; its href tells how it is",
        job_id=job_id,
        href=f"/api/job-status/{job_id}",
    )


def _ended_so(status: JobStatus, properties: Sequence[Property]) -> TrialAnswer:
    assigned = status.properties_assigned or 0
    sent = status.progress.steps["mail"].state == "sent"
    addresses = "1 address" if assigned == 1 else f"{assigned} addresses"
    return TrialAnswer(
        success=status.status == "completed",
        client_id=status.client_id,
        properties_assigned=assigned,
        email_sent=sent,
        properties=properties,
        message=status.error_message
        or f"Assigned {addresses}, {'mail sent' if sent else 'no mail sent'}",
        job_id=status.job_id,
        href=f"/api/job-status/{status.job_id}",
    )
