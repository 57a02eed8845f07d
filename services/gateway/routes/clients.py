"""Clients: register one, read one."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from libs.common.events import ClientRegistered
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import clients
from services.gateway.repository.clients import Client, NewClient
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.conditional import conditional
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.registration import Registration, city_id, resolve
from services.gateway.routes.values import PathId, identifier


class ClientAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A client as answered; `chosen_cities` are city_ids."""

    client_id: UUID
    status: str
    first_name: str
    last_name: str
    email: str
    telephone: str | None
    company_name: str | None
    locale: str
    subscription_type: str
    send_day: int
    addresses_per_report: int
    chosen_cities: Sequence[UUID]
    property_type_preferences: Sequence[str]
    active_since: date | None
    created_at: datetime
    updated_at: datetime
    last_updated: datetime | None


@post("/clients", tags=["Clients"], opt={"refuses": [409], "tells": ["Location", "ETag"]})
async def register_client(
    data: JSONBody[Registration], ports: Given, request: StrictRequest
) -> Response[ClientAnswer]:
    """Register a client. An active one gets a welcome mail, and a delivery each month from now on."""

    async def register(connection: Connection, emit: Emit) -> Response[ClientAnswer]:
        chosen = await resolve(connection, data.chosen_cities)
        default = ports.settings.default_addresses_per_report
        client = await clients.register(connection, _new(data, chosen, default))
        if client is None:
            raise Refusal(409, "This mail address belongs to another client")
        if client.status == "active":
            emit(ClientRegistered(client_id=client.id), None)
        note(request, "client_registered", client_id=str(client.id), status=client.status)
        headers = {"Location": f"/api/clients/{client.id}", "ETag": etag(client)}
        return Answer(answered(client), headers=headers)

    return await once(request, ports, register, client_id=lambda answer: answer.client_id)


@get("/clients/{client_id:str}", tags=["Clients"], opt={"refuses": [404], "conditional": True})
async def read_client(
    client_id: PathId, ports: Given, request: StrictRequest
) -> Response[ClientAnswer]:
    """A client, whatever its status; `last_updated` is the last delivery."""
    found = identifier(client_id, "client_id")
    async with ports.reading() as connection:
        client = await _find(connection, found)
    return conditional(request, answered(client), etag(client))


async def _find(connection: Connection, client_id: UUID) -> Client:
    client = await clients.find(connection, client_id)
    if client is None:
        raise unknown(f"Client {client_id} not found")
    return client


def _new(data: Registration, chosen: Sequence[str], addresses_per_report: int) -> NewClient:
    return NewClient(
        status=data.status,
        first_name=data.first_name.strip(),
        last_name=data.last_name.strip(),
        email=data.email,
        telephone=data.telephone,
        company_name=data.company_name and data.company_name.strip(),
        locale=data.locale,
        subscription_type=data.subscription_type,
        send_day=data.send_day,
        addresses_per_report=data.addresses_per_report or addresses_per_report,
        chosen_cities=chosen,
        property_type_preferences=data.property_type_preferences,
    )


def answered(client: Client) -> ClientAnswer:
    fields = msgspec.structs.asdict(client)
    del fields["version"]
    fields["client_id"] = fields.pop("id")
    fields["chosen_cities"] = [city_id(code) for code in client.chosen_cities]
    return ClientAnswer(**fields)


def etag(client: Client) -> str:
    """The version, which grows with every change, and the last delivery, which is not one."""
    delivered = int(client.last_updated.timestamp() * 1e6) if client.last_updated else 0
    return f'"{client.version}.{delivered}"'
