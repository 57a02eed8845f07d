"""Departments read as a whole."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.repository.console import imports
from services.gateway.routes import imports as operations
from services.gateway.routes.console.act import act, form
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier

PER_PAGE: Final = 50
PATH: Final = "/console/imports"

Number = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]


@get("/imports")
async def list_imports(visit: Visited, number: Number = 1) -> Response[bytes]:
    """The imports, the newest first, and what else there is to import."""
    async with visit.ports.reading() as connection:
        rows = await imports.page(connection, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
        departments = await imports.departments(connection)
    return await shown(
        visit,
        "console/imports.html",
        "imports",
        rows=rows[:PER_PAGE],
        departments={one.department: one for one in departments},
        newer=_path(number - 1) if number > 1 else "",
        older=_path(number + 1) if len(rows) > PER_PAGE else "",
    )


@post("/imports")
async def import_department(visit: Visited) -> Redirect:
    """Have a department read; one that is being read is joined."""
    given = await form(visit)
    years = re.findall(r"[^\s,;]+", given.get("years", ""))
    asked: dict[str, Any] = {"department": given.get("department", "")}
    if years:
        asked["years"] = [int(year[:9]) if year.isdecimal() else year for year in years]
    return await act(visit, operations.request_import, back=PATH, said="import_asked", data=asked)


@get("/imports/{import_id:str}")
async def show_import(visit: Visited, import_id: PathId) -> Response[bytes]:
    """How far an import is, and what went wrong."""
    wanted = identifier(import_id, "import_id")
    async with visit.ports.reading() as connection:
        found = await imports.find(connection, wanted)
        departments = await imports.departments(connection)
    if found is None:
        raise unknown(f"Import {wanted} not found")
    named = {one.department: one for one in departments}
    return await shown(
        visit, "console/import.html", "imports", one=found, department=named.get(found.insee_code)
    )


def _path(number: int) -> str:
    return f"{PATH}?{urlencode({'page': number})}" if number > 1 else PATH


PAGES: Final = (list_imports, import_department, show_import)
