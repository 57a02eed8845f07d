"""Departments read as a whole, before their cities are asked for."""

from collections.abc import Mapping
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import imports
from services.gateway.repository.imports import ImportProgress
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Fault, invalid, unknown
from services.gateway.routes.values import PathId, identifier, without_repeats

Department = Annotated[str, Meta(pattern="^([0-9][0-9AB]|9[78][0-9])$", examples=["01"])]
Years = Annotated[
    tuple[Annotated[int, Meta(ge=0, le=9999)], ...],
    Meta(min_length=1, max_length=50, examples=[[2019, 2020]]),
]


class RequestImport(Body, frozen=True, kw_only=True):
    """Which department to read; without `years` those that a job of today needs."""

    department: Department
    years: Years | None = None

    checks: ClassVar[Mapping[str, Check]] = {
        "years": lambda years: without_repeats(years) if years else None
    }


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, and where to see how far it is."""

    id: UUID
    href: str


@post("/imports", tags=["Imports"], status_code=202)
async def request_import(
    data: JSONBody[RequestImport], ports: Given, request: StrictRequest
) -> Response[Queued]:
    """Have the sales of all communes of a department read; an import under way is joined."""

    async def ask(connection: Connection, _: Emit) -> Queued:
        asked = await imports.request_import(connection, data.department, data.years or ())
        if asked.id is None:
            raise invalid(Fault(pointer=f"/{asked.field}", detail=asked.refusal or "is refused"))
        await record(connection, request, "import.request", asked.id, department=data.department)
        note(request, "import_requested", import_id=str(asked.id), department=data.department)
        return Queued(id=asked.id, href=f"/admin/imports/{asked.id}")

    return await once(request, ports, ask)


@get("/imports/{import_id:str}", tags=["Imports"], opt={"refuses": [404], "conditional": True})
async def read_import(
    import_id: PathId, ports: Given, request: StrictRequest
) -> Response[ImportProgress]:
    """How far an import is: `queued`, `running`, `done`, or `failed` with the reason."""
    asked = identifier(import_id, "import_id")
    async with ports.reading() as connection:
        found = await imports.find_import(connection, asked)
    if found is None:
        raise unknown(f"Import {import_id} not found")
    return conditional(request, found, tag_of(found))
