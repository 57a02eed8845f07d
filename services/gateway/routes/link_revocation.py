"""The end of the links that a client holds."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from litestar import Response, post

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import agent_links, clients
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier


class LinksRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the links to a client's page open nothing."""

    success: Literal[True] = True
    client_id: UUID
    void_before: datetime
    message: str


@post(
    "/client/{client_id:str}/revoke-links",
    tags=["Clients"],
    status_code=200,
    opt={"refuses": [404]},
)
async def revoke_links(
    client_id: PathId, ports: Given, request: StrictRequest
) -> Response[LinksRevoked]:
    """Void the links to the client's page in all mails until now; the next mail brings a new one.

    The links to unsubscribe go on working: nobody loses that right.
    """
    wanted = identifier(client_id, "client_id")

    async def end(connection: Connection, _: Emit) -> LinksRevoked:
        if not await clients.exists(connection, wanted):
            raise unknown(f"Client {wanted} not found")
        instant = await agent_links.revoke(connection, wanted)
        await record(connection, request, "client.revoke_links", wanted)
        note(request, "links_revoked", client_id=str(wanted))
        said = f"Links given before {instant:%Y-%m-%dT%H:%M:%SZ} open nothing any more"
        return LinksRevoked(client_id=wanted, void_before=instant, message=said)

    return await once(request, ports, end, client_id=wanted)
