"""A city read anew because an operator asks for it."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import cities, refreshes
from services.gateway.repository.cities import Place
from services.gateway.repository.imports import ImportProgress
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.imports import Queued
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, Refusal, invalid, unavailable, unknown
from services.gateway.routes.registration import INSEE_CODE
from services.gateway.routes.values import PathId, identifier

CityCode = Annotated[str, PathParameter(description="An INSEE code, or a city_id of /api/cities")]


@post(
    "/cities/{insee:str}/refresh",
    tags=["Cities"],
    status_code=202,
    opt={"refuses": [404]},
)
async def request_refresh(
    insee: CityCode, ports: Given, request: StrictRequest
) -> Response[Queued]:
    """Have a city's sales read anew, however fresh they are; a refresh under way is joined.

    Paris, Lyon and Marseille are read by arrondissement, under one id for all of them.
    """

    async def ask(connection: Connection, _: Emit) -> Queued:
        place = await _place(connection, insee)
        asked = await refreshes.request_refresh(connection, place.insee_code)
        if asked is None or asked.id is None:
            raise _not_covered(place, asked.refusal if asked else None)
        refresh_id, code = asked.id, place.insee_code
        await record(connection, request, "city.refresh", refresh_id, insee_code=code)
        note(request, "refresh_requested", refresh_id=str(refresh_id), insee_code=code)
        return Queued(id=refresh_id, href=f"/admin/refreshes/{refresh_id}")

    return await once(request, ports, ask)


@get("/refreshes/{refresh_id:str}", tags=["Cities"], opt={"refuses": [404], "conditional": True})
async def read_refresh(
    refresh_id: PathId, ports: Given, request: StrictRequest
) -> Response[ImportProgress]:
    """How far a refresh is: `queued`, `running`, `done`, or `failed` with the reason.

    Of Paris, Lyon and Marseille `done` and `total` are sums, and it ends when all parts have ended.
    """
    asked = identifier(refresh_id, "refresh_id")
    async with ports.reading() as connection:
        found = await refreshes.find_refresh(connection, asked)
    if found is None:
        raise unknown(f"Refresh {refresh_id} not found")
    return conditional(request, found, tag_of(found))


async def _place(connection: Connection, named: str) -> Place:
    code, city_id = _key(named)
    found = await cities.named(connection, [code] if code else [], [city_id] if city_id else [])
    if found:
        return found[0]
    if not await cities.are_known(connection):
        raise unavailable("The list of cities is not loaded yet; try again in a moment")
    raise unknown(f"City {named[:60]} not found: give an INSEE code or a city_id of /api/cities")


def _key(named: str) -> tuple[str | None, UUID | None]:
    code = named.upper()
    if INSEE_CODE.fullmatch(code):
        return code, None
    try:
        return None, msgspec.convert(named, UUID)
    except msgspec.ValidationError as error:
        detail = "is neither an INSEE code nor a city_id"
        raise invalid(Fault(pointer="/insee", detail=detail, place="path")) from error


def _not_covered(place: Place, refusal: str | None) -> Refusal:
    reason = refusal or place.reason or "its sales are not public"
    detail = f"{place.name} ({place.insee_code}) is not covered: {reason}"
    return invalid(Fault(pointer="/insee", detail=detail, place="path"))
