"""Keys of the interface: handed out, listed, revoked. Two at once serve to change one for another."""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, ClassVar

import msgspec
import structlog
from litestar import Response, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.domain import secret
from services.gateway.repository import api_keys
from services.gateway.repository.api_keys import ApiKey, Scope
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.once import once
from services.gateway.routes.paging import Limit, Offset, page
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier, printable, without_repeats

log = structlog.get_logger()


class CreateApiKey(Body, frozen=True, kw_only=True):
    """A key to be: `client` opens /api, `admin` opens /admin."""

    name: Annotated[
        str, Meta(min_length=1, max_length=100, description="Whose, or what for", examples=["CRM"])
    ]
    scopes: Annotated[list[Scope], Meta(min_length=1, examples=[["client"]])]

    checks: ClassVar[Mapping[str, Check]] = {"name": printable, "scopes": without_repeats}


class CreatedApiKey(ApiKey, frozen=True, kw_only=True):
    """A new key; `key` is shown this once, and null when the request is sent again."""

    key: str | None


@post("/api-keys", tags=["Keys"])
async def create_api_key(
    data: JSONBody[CreateApiKey], ports: Given, request: StrictRequest
) -> Response[CreatedApiKey]:
    """Make a key. It is shown in this answer and never again: only its hash is kept."""
    key = secret.new(secrets.token_bytes)

    async def create(connection: Connection, _: Emit) -> CreatedApiKey:
        kept = await api_keys.create(
            connection,
            name=data.name.strip(),
            prefix=secret.prefix(key),
            key_hash=sha256(key.encode()).digest(),
            scopes=data.scopes,
        )
        await record(connection, request, "api_key.create", kept.id, scopes=data.scopes)
        return CreatedApiKey(**msgspec.structs.asdict(kept), key=key)

    return await once(request, ports, create, kept=_without_key)


@get("/api-keys", tags=["Keys"])
async def list_api_keys(
    ports: Given, request: StrictRequest, limit: Limit = 50, offset: Offset = 0
) -> Response[list[ApiKey]]:
    """The keys that were made, the newest first; those in the settings are not among them."""
    async with ports.reading() as connection:
        keys = await api_keys.newest(connection, limit=limit + 1, offset=offset)
    return page(request, keys, limit=limit, offset=offset)


@delete("/api-keys/{key_id:str}", tags=["Keys"], opt={"refuses": [404]})
async def revoke_api_key(key_id: PathId, ports: Given, request: StrictRequest) -> None:
    """Revoke a key: the next request with it is refused. Again: nothing more happens."""
    found = identifier(key_id, "key_id")
    async with ports.writing() as (connection, _):
        if not await api_keys.revoke(connection, found):
            raise unknown(f"API key {found} not found")
        await record(connection, request, "api_key.revoke", found)
    log.info("api_key_revoked", key_id=str(found))


def _without_key(created: CreatedApiKey) -> CreatedApiKey:
    return msgspec.structs.replace(created, key=None)
