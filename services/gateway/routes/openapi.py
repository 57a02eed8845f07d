"""The description of the interface (OpenAPI 3.1), drawn from the routes themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from services.gateway.routes import once
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.health import VERSION
from services.gateway.routes.keys import ADMIN_HEADER, API_HEADER
from services.gateway.routes.operations import HEADERS, complete
from services.gateway.routes.schemas import schemas

DESCRIPTION: Final = """\
Addresses of homes sold six to eight years ago, for estate agents.

Send your key in `X-API-Key`; operations under `/admin` take `X-Admin-Key` (where none is
configured, the API key in either header). A key has so many requests an hour on `/api`; the
`RateLimit-*` headers of each answer say how many are left, and 429 with `Retry-After` that none is.
Times are UTC, days and months are those of Paris.
Every refusal is a problem document (RFC 9457): `detail` says what to do, `errors` lists each fault
of an input. Every answer carries `X-Request-ID` and `traceparent`; send them to have yours continued.
"""

REQUEST_HEADERS: Final = {
    name.replace("-", ""): {
        "name": name,
        "in": "header",
        "description": said,
        "schema": {"type": "string", "maxLength": 255},
    }
    for name, said in {
        once.HEADER: "On every POST: the request has its effect once, its answer each time",
        "If-None-Match": "On GET of one object: 304 if it is still as this ETag says",
        "If-Match": "On PATCH: 412 unless it is still as this ETag says",
    }.items()
}
"""What else may be sent. The operations name these in their descriptions only: they depend on what
was sent before, which no machine that tries values could know."""

SECURITY: Final = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": API_HEADER},
    "AdminKey": {"type": "apiKey", "in": "header", "name": ADMIN_HEADER},
}


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
    app = Litestar(
        routes,
        openapi_config=config,
        logging_config=None,
        dependencies={"ports": described},
        request_class=StrictRequest,
    )
    document: dict[str, Any] = app.openapi_schema.to_schema()
    handlers = {handler.handler_name: handler for handler in _handlers(app)}
    document["components"] = {
        "securitySchemes": SECURITY,
        "schemas": schemas(handlers.values()),
        "headers": {name: _header(said) for name, said in HEADERS.items()},
        "parameters": REQUEST_HEADERS,
    }
    for path, operation in _operations(document):
        complete(path, operation, handlers[operation["operationId"]])
    return document


def _handlers(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from route.route_handlers


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield path, item[method]


def _header(said: str) -> dict[str, Any]:
    return {"description": said, "schema": {"type": "string"}}
