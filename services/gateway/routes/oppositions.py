"""The register of oppositions: homes that are never offered, shown or mailed again."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import structlog
from litestar import Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import oppositions
from services.gateway.repository.oppositions import Opposition, Standing
from services.gateway.routes.answer import Answer
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.paging import Limit, Offset, page
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, invalid, unknown
from services.gateway.routes.values import PathId, identifier, printable

log = structlog.get_logger()


class Oppose(Body, frozen=True, kw_only=True):
    """Who objects where: the house number and street, as people write them."""

    address: Annotated[
        str, Meta(min_length=1, max_length=300, examples=["12 bis rue de la République"])
    ]
    insee: Annotated[str, Meta(pattern="^[0-9][0-9AB][0-9]{3}$", examples=["01053"])]
    reason: Annotated[str, Meta(max_length=500, examples=["Letter of 3 May 2026"])] = ""

    checks: ClassVar[Mapping[str, Check]] = {
        "address": printable,
        "reason": lambda reason: printable(reason) if reason else None,
    }


@post(
    "/oppositions",
    tags=["Oppositions"],
    responses={200: ResponseSpec(Standing, description="Stands already")},
)
async def oppose(
    data: JSONBody[Oppose], ports: Given, request: StrictRequest
) -> Response[Standing]:
    """Keep every home at an address off, flats too, also those that a later sales file brings.

    The same address again, however it is written, answers 200 with the opposition that stands.
    """

    async def write(connection: Connection, _: Emit) -> Response[Standing]:
        asked = await oppositions.oppose(connection, data.address, data.insee, data.reason)
        if asked.id is None:
            raise invalid(Fault(pointer=f"/{asked.field}", detail=asked.refusal or "is refused"))
        standing = await oppositions.find(connection, asked.id)
        if not asked.is_new:
            return Answer(standing, status_code=200)
        await record(connection, request, "opposition.create", asked.id, doors=standing.doors)
        note(request, "opposition_made", opposition_id=str(asked.id), doors=standing.doors)
        return Answer(standing, status_code=201)

    return await once(request, ports, write)


@get("/oppositions", tags=["Oppositions"])
async def list_oppositions(
    ports: Given, request: StrictRequest, limit: Limit = 50, offset: Offset = 0
) -> Response[list[Opposition]]:
    """The oppositions that stand, the newest first."""
    async with ports.reading() as connection:
        found = await oppositions.newest(connection, limit=limit + 1, offset=offset)
    return page(request, found, limit=limit, offset=offset)


@delete("/oppositions/{opposition_id:str}", tags=["Oppositions"], opt={"refuses": [404]})
async def lift_opposition(opposition_id: PathId, ports: Given, request: StrictRequest) -> None:
    """Lift an opposition: its homes may be offered again, unless another one covers them."""
    asked = identifier(opposition_id, "opposition_id")
    async with ports.writing() as (connection, _):
        if not await oppositions.lift(connection, asked):
            raise unknown(f"Opposition {asked} not found")
        await record(connection, request, "opposition.lift", asked)
    log.info("opposition_lifted", opposition_id=str(asked))
