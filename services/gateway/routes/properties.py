"""What a client has received."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter
from msgspec import Meta

from libs.common.postgres import Connection
from services.gateway.repository import clients, properties
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.paging import Limit, Offset, next_link
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier

FollowUpStatus = Literal["new", "contacted", "meeting", "negotiation", "mandate", "sold"]
Status = Annotated[
    FollowUpStatus | None, QueryParameter(name="status", description="Only those that stand there")
]


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent has made of an address, and when it was sent."""

    status: FollowUpStatus = "new"
    send_date: date
    notes: str | None = None
    contact_date: date | None = None
    follow_up: date | None = None
    sale_horizon: str | None = None
    desired_price: float | None = None
    followed_at: datetime | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What it may be worth today, in euros, by recent sales of its kind nearby."""

    value: int
    low: int
    high: int
    basis: Literal["commune", "department"]
    comparables: Annotated[int, Meta(description="Sales that it rests on")]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How well latitude and longitude are known."""

    source: Literal["geocoder", "parcel", "commune"]
    score: Annotated[float | None, Meta(description="Of the geocoder, 1 is sure")] = None


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """A home, with the facts as delivered; prices in euros, surfaces in square metres."""

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
    printed_address: Annotated[str | None, Meta(description="As on an envelope, in one line")]
    land_surface: float | None
    position: Position | None
    estimate: Estimate | None


class FollowUpState(msgspec.Struct, frozen=True, kw_only=True):
    """A follow-up as it was set at that moment."""

    status: FollowUpStatus
    notes: str | None
    contact_date: date | None
    follow_up: date | None
    sale_horizon: str | None
    desired_price: float | None
    followed_at: datetime


class FollowedProperty(Property, frozen=True, kw_only=True):
    """A home, with every state of its follow-up, the oldest first."""

    history: Sequence[FollowUpState]


class Properties(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what a client has received."""

    success: Literal[True] = True
    client_id: UUID
    total_count: Annotated[int, Meta(description="Of all pages, with that status if one is given")]
    returned_count: int
    properties: Sequence[Property]


@get("/get-client-properties/{client_id:str}", tags=["Deliveries"], opt={"refuses": [404]})
async def client_properties(
    client_id: PathId,
    ports: Given,
    request: StrictRequest,
    *,
    limit: Limit = 100,
    offset: Offset = 0,
    status: Status = None,
) -> Response[Properties]:
    """What a client has received, the newest delivery first, and what the agent made of it."""
    found = identifier(client_id, "client_id")
    async with ports.reading() as connection:
        await require_client(connection, found)
        total = await properties.count(connection, found, status=status)
        rows = await properties.delivered(
            connection, found, status=status, limit=limit, offset=offset
        )
    page = Properties(
        client_id=found,
        total_count=total,
        returned_count=len(rows),
        properties=[Property(**told(row)) for row in rows],
    )
    more = bool(rows) and offset + len(rows) < total
    return Answer(page, headers=next_link(request, limit=limit, offset=offset, more=more))


@get(
    "/clients/{client_id:str}/properties/{address_id:str}",
    tags=["Deliveries"],
    opt={"refuses": [404], "conditional": True},
)
async def client_property(
    client_id: PathId, address_id: PathId, ports: Given, request: StrictRequest
) -> Response[FollowedProperty]:
    """One address of a client, with every state of its follow-up."""
    client, address = identifier(client_id, "client_id"), identifier(address_id, "address_id")
    async with ports.reading() as connection:
        await require_client(connection, client)
        row = await properties.find(connection, client, address)
        if row is None:
            raise not_received(client, address)
        answer = await with_history(connection, client, row)
    return conditional(request, answer, tag_of(answer))


async def require_client(connection: Connection, client_id: UUID) -> None:
    """Refuse a client who is not there."""
    if not await clients.exists(connection, client_id):
        raise unknown(f"Client {client_id} not found")


def not_received(client_id: UUID, address_id: UUID) -> Refusal:
    """The refusal of an address that this client has not received."""
    return unknown(f"Address {address_id} not found among those of client {client_id}")


async def with_history(connection: Connection, client_id: UUID, row: Any) -> FollowedProperty:
    """A home as it is told alone."""
    states = await properties.history(connection, client_id, row["address_id"])
    return FollowedProperty(**told(row), history=[FollowUpState(**state) for state in states])


def told(row: Any) -> dict[str, Any]:
    """The fields of a home, as an answer says them."""
    fields = {name: row[name] for name in PLAIN}
    info = {name: row[name] for name in FollowUp.__struct_fields__ if name != "status"}
    fields["client_address_info"] = FollowUp(status=row["follow_status"], **info)
    fields["position"] = position(row)
    fields["estimate"] = estimate(row)
    return fields


PLAIN = frozenset(Property.__struct_fields__) - {"position", "estimate", "client_address_info"}


def position(row: Any) -> Position | None:
    """How well it is known where a home stands."""
    if row["position_source"] is None:
        return None
    return Position(source=row["position_source"], score=row["position_score"])


def estimate(row: Any) -> Estimate | None:
    """What a home may be worth, where that could be told."""
    if row["estimate_eur"] is None:
        return None
    return Estimate(
        value=row["estimate_eur"],
        low=row["estimate_low_eur"],
        high=row["estimate_high_eur"],
        basis=row["estimate_basis"],
        comparables=row["estimate_comparables"],
    )
