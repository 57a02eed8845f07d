"""Clients: change one."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import structlog
from litestar import Response, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from libs.common.events import ClientRegistered
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import clients
from services.gateway.repository.clients import Client, NewClient
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.clients import ClientAnswer, answered, etag
from services.gateway.routes.conditional import require_match
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.registration import (
    Name,
    PropertyType,
    Registration,
    Subscription,
    resolve,
)
from services.gateway.routes.values import PathId, identifier

log = structlog.get_logger()


class ClientChange(Body, frozen=True, kw_only=True):
    """What is to be different; what is not named stays. Null empties a field that may be empty."""

    first_name: Annotated[Name, Meta(examples=["Camille"])] | UnsetType = UNSET
    last_name: Annotated[Name, Meta(examples=["Durand"])] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    telephone: Annotated[str, Meta(max_length=30)] | UnsetType | None = UNSET
    company_name: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType | None = UNSET
    locale: Literal["fr", "en"] | UnsetType = UNSET
    subscription_type: Subscription | UnsetType = UNSET
    status: (
        Annotated[
            Literal["active", "inactive", "test", "pending"],
            Meta(description="Only active clients are served; the schedule leaves out the others"),
        ]
        | UnsetType
    ) = UNSET
    send_day: Annotated[int, Meta(ge=1, le=31)] | UnsetType = UNSET
    addresses_per_report: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET
    chosen_cities: (
        Annotated[
            list[str],
            Meta(min_length=1, max_length=500, description="INSEE codes or city_ids"),
        ]
        | UnsetType
    ) = UNSET
    property_type_preferences: Annotated[list[PropertyType], Meta(min_length=1)] | UnsetType = UNSET

    checks: ClassVar[Mapping[str, Check]] = Registration.checks


@patch("/clients/{client_id:str}", tags=["Clients"], opt={"refuses": [404, 409, 412]})
async def change_client(
    client_id: PathId, data: JSONBody[ClientChange], ports: Given, request: StrictRequest
) -> Response[ClientAnswer]:
    """Change a client. With `If-Match` only if nobody else has changed it since you read it.

    The first change to active sends the welcome mail, and each begins the deliveries anew: from
    the first month whose day is not before it. A run under way is delivered whatever changes.
    """
    found = identifier(client_id, "client_id")
    async with ports.writing() as (connection, emit):
        client = await clients.find_to_change(connection, found)
        if client is None:
            raise unknown(f"Client {found} not found")
        require_match(request, etag(client))
        changed = await apply(connection, emit, client, data)
    if changed.version != client.version:
        log.info("client_changed", client_id=str(found), status=changed.status)
    return Answer(answered(changed), headers={"ETag": etag(changed)})


async def apply(connection: Connection, emit: Emit, client: Client, data: ClientChange) -> Client:
    """The client after this change, who is kept to the transaction; a refusal of what cannot be."""
    wanted = msgspec.structs.replace(client, **await _given(connection, data))
    if wanted == client:
        return client
    if wanted.email != client.email and await clients.is_taken(connection, wanted.email, client.id):
        raise Refusal(409, "This mail address belongs to another client")
    row = {name: getattr(wanted, name) for name in NewClient.__struct_fields__}
    if await clients.change(connection, client.id, NewClient(**row)):
        emit(ClientRegistered(client_id=client.id), None)
    return await clients.find(connection, client.id) or wanted


async def _given(connection: Connection, data: ClientChange) -> dict[str, Any]:
    given = {
        name: value.strip() if name in TRIMMED and value else value
        for name, value in msgspec.structs.asdict(data).items()
        if value is not UNSET
    }
    if "chosen_cities" in given:
        given["chosen_cities"] = await resolve(connection, given["chosen_cities"])
    return given


TRIMMED = frozenset({"first_name", "last_name", "company_name"})
