"""What a client has received."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from services.gateway.repository import clients, properties
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier

FollowUpStatus = Literal["new", "contacted", "meeting", "negotiation", "mandate", "sold"]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="At most so many")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="After so many")]
Status = Annotated[
    FollowUpStatus | None, QueryParameter(name="status", description="Only those that stand there")
]


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent has made of an address."""

    status: FollowUpStatus = "new"
    send_date: date
    notes: str | None = None


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """A home, with the facts as delivered; price in euros, surface in square metres."""

    address_id: UUID
    address_raw: str
    city_name: str
    postal_code: str
    insee_code: str
    price: float
    surface: float | None
    rooms: int | None
    property_type: str
    sale_date: date
    latitude: float | None
    longitude: float | None
    client_address_info: FollowUp


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what a client has received."""

    success: Literal[True] = True
    client_id: UUID
    total_count: int
    returned_count: int
    properties: Sequence[Property]


@get("/get-client-properties/{client_id:str}", tags=["Deliveries"], opt={"refuses": [404]})
async def client_properties(
    client_id: PathId,
    ports: Given,
    limit: Limit = 100,
    offset: Offset = 0,
    status: Status = None,
) -> Response[Properties]:
    """What a client has received, the newest delivery first."""
    found = identifier(client_id, "client_id")
    nothing = status not in {None, "new"}
    async with ports.reading() as connection:
        if not await clients.exists(connection, found):
            raise unknown(f"Client {found} not found")
        total = 0 if nothing else await properties.count(connection, found)
        rows = await properties.delivered(
            connection, found, limit=0 if nothing else limit, offset=offset
        )
    page = Properties(
        client_id=found,
        total_count=total,
        returned_count=len(rows),
        properties=[_property(row) for row in rows],
    )
    more = {"limit": limit, "offset": offset + limit, "status": status}
    headers = {"Link": _next(found, more)} if offset + len(rows) < total and rows else {}
    return Response(page, headers=headers)


def _property(row: Any) -> Property:
    facts = dict(row)
    return Property(client_address_info=FollowUp(send_date=facts.pop("send_date")), **facts)


def _next(client_id: UUID, query: dict[str, Any]) -> str:
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f'</api/get-client-properties/{client_id}?{given}>; rel="next"'
