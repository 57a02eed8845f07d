"""The description of the interface (OpenAPI 3.1), drawn from the routes themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from services.gateway.routes.health import VERSION
from services.gateway.routes.keys import ADMIN_HEADER, API_HEADER
from services.gateway.routes.problems import KINDS, MEDIA_TYPE, Problem

DESCRIPTION: Final = """\
Addresses of homes sold six to eight years ago, for estate agents.

Send your key in `X-API-Key`; operations under `/admin` take `X-Admin-Key` (where none is
configured, the API key in either header). Times are UTC, days and months are those of Paris.
Every refusal is a problem document (RFC 9457): `detail` says what to do, `errors` lists each fault
of an input. Every answer carries `X-Request-ID` and `traceparent`; send them to have yours continued.
"""

SECURITY: Final = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": API_HEADER},
    "AdminKey": {"type": "apiKey", "in": "header", "name": ADMIN_HEADER},
}

REFERENCE: Final = "#/components/schemas/{name}"


def describe(routes: Sequence[ControllerRouterHandler]) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    config = OpenAPIConfig(
        title="TrackImmo API",
        version=VERSION,
        description=DESCRIPTION,
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, *_: handler.handler_name,
        render_plugins=[JsonRenderPlugin()],
    )
    described = Provide(lambda: None, sync_to_thread=False)  # nothing is called here
    app = Litestar(routes, openapi_config=config, dependencies={"ports": described})
    document: dict[str, Any] = app.openapi_schema.to_schema()
    components = document["components"]
    components["securitySchemes"] = SECURITY
    _, problem = msgspec.json.schema_components([Problem], ref_template=REFERENCE)
    components["schemas"].update(problem)
    refusals = {
        handler.handler_name: handler.opt.get("refuses", ())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
    }
    for path, operation in _operations(document):
        _complete(path, operation, refusals[operation["operationId"]])
    return document


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield path, item[method]


def _complete(path: str, operation: dict[str, Any], refuses: Sequence[int]) -> None:
    """What every operation shares: its key, and the problems that it may answer."""
    statuses = {500, 503, *refuses}
    if path.startswith(("/api/", "/admin/")) and path != "/api/health":
        admin = path.startswith("/admin/")
        operation["security"] = [{"AdminKey": []}, {"ApiKey": []}] if admin else [{"ApiKey": []}]
        statuses.add(401)
    if operation.get("requestBody"):
        statuses |= {400, 413, 415, 422}
    if operation.get("parameters"):
        statuses.add(422)
    responses = operation["responses"]
    responses.pop("400", None)
    for status in sorted(statuses):
        responses[str(status)] = _problem(status)


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name="Problem")}
    return {"description": KINDS[status].title, "content": {MEDIA_TYPE: {"schema": schema}}}
