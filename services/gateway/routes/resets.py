"""Clients: begin anew, as if nothing had been delivered."""

from typing import Literal

import msgspec
from litestar import Response, post

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import admin_jobs, resets
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier


class ResetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How many addresses were taken back."""

    success: Literal[True] = True
    deleted_assignments: int
    message: str


@post(
    "/client/{client_id:str}/reset-assignments",
    tags=["Clients"],
    status_code=200,
    opt={"refuses": [404, 409]},
)
async def reset_assignments(
    client_id: PathId, ports: Given, request: StrictRequest
) -> Response[ResetAnswer]:
    """Take back all that a client has received, with its follow-up: it may be chosen again.

    What was taken back is kept for 30 days, in case it was a mistake. Failed jobs choose anew when
    they are tried again.
    """
    found = identifier(client_id, "client_id")

    async def work(connection: Connection, _: Emit) -> ResetAnswer:
        if await admin_jobs.lock_client(connection, found) is None:
            raise unknown(f"Client {found} not found")
        if await resets.has_open_job(connection, found):
            raise Refusal(409, f"A job of client {found} is open; wait for its end, or cancel it")
        number = await resets.reset(connection, found)
        await record(connection, request, "client.reset", found, assignments=number)
        note(request, "assignments_reset", client_id=str(found), assignments=number)
        plural = "" if number == 1 else "s"
        return ResetAnswer(
            deleted_assignments=number, message=f"Reset {number} assignment{plural} for client"
        )

    return await once(request, ports, work, client_id=found)
