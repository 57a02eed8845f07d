"""Clients as operators see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from services.gateway.repository import admin_clients, admin_jobs, clients, properties
from services.gateway.repository.admin_clients import ClientRow, NamedCity
from services.gateway.repository.admin_jobs import JobLine
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.clients import ClientAnswer, answered
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.paging import Limit, Offset, page
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import unknown
from services.gateway.routes.registration import city_id
from services.gateway.routes.values import PathId, identifier

RECENT_JOBS = 5

ClientState = Literal["active", "inactive", "test", "pending"]
Status = Annotated[ClientState | None, QueryParameter(name="status", description="Only those")]


class ClientLine(msgspec.Struct, frozen=True, kw_only=True):
    """A client in a list; `chosen_cities` are city_ids."""

    client_id: UUID
    first_name: str
    last_name: str
    email: str
    status: str
    subscription_type: str
    chosen_cities: Sequence[UUID]
    property_type_preferences: Sequence[str]
    addresses_per_report: int
    send_day: int
    created_at: datetime


class ClientPage(msgspec.Struct, frozen=True, kw_only=True):
    """A client with what happened last; `cities` spell out the chosen ones."""

    client: ClientAnswer
    assigned_properties_count: int
    recent_jobs: Sequence[JobLine]
    cities: Sequence[NamedCity]


@get("/clients", tags=["Clients"])
async def list_clients(
    ports: Given,
    request: StrictRequest,
    status: Status = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response[list[ClientLine]]:
    """The clients, the first registered first."""
    async with ports.reading() as connection:
        found = await admin_clients.page(connection, status=status, limit=limit + 1, offset=offset)
    return page(request, [_line(client) for client in found], limit=limit, offset=offset)


@get("/client/{client_id:str}", tags=["Clients"], opt={"refuses": [404], "conditional": True})
async def show_client(
    client_id: PathId, ports: Given, request: StrictRequest
) -> Response[ClientPage]:
    """A client with the last jobs, the number of homes received, and the cities by name."""
    wanted = identifier(client_id, "client_id")
    async with ports.reading() as connection:
        client = await clients.find(connection, wanted)
        if client is None:
            raise unknown(f"Client {wanted} not found")
        page = ClientPage(
            client=answered(client),
            assigned_properties_count=await properties.count(connection, wanted, status=None),
            recent_jobs=await admin_jobs.page(
                connection, status=None, client_id=wanted, limit=RECENT_JOBS, offset=0
            ),
            cities=await admin_clients.cities(connection, client.chosen_cities),
        )
    return conditional(request, page, tag_of(page))


def _line(row: ClientRow) -> ClientLine:
    fields = msgspec.structs.asdict(row)
    fields["client_id"] = fields.pop("id")
    fields["chosen_cities"] = [city_id(code) for code in row.chosen_cities]
    return ClientLine(**fields)
