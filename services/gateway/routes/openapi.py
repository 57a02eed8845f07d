"""The description of the interface (OpenAPI 3.1), drawn from the routes themselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler
from litestar.typing import FieldDefinition

from services.gateway.routes import once
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.examples import ANSWERS, BODIES
from services.gateway.routes.health import VERSION
from services.gateway.routes.keys import ADMIN_HEADER, API_HEADER
from services.gateway.routes.limit import HEADERS
from services.gateway.routes.problems import KINDS, MEDIA_TYPE, Problem

DESCRIPTION: Final = """\
Addresses of homes sold six to eight years ago, for estate agents.

Send your key in `X-API-Key`; operations under `/admin` take `X-Admin-Key` (where none is
configured, the API key in either header). A key has so many requests an hour on `/api`; the
`RateLimit-*` headers of each answer say how many are left, and 429 with `Retry-After` that none is.
Times are UTC, days and months are those of Paris.
Every refusal is a problem document (RFC 9457): `detail` says what to do, `errors` lists each fault
of an input. Every answer carries `X-Request-ID` and `traceparent`; send them to have yours continued.
"""

SECURITY: Final = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": API_HEADER},
    "AdminKey": {"type": "apiKey", "in": "header", "name": ADMIN_HEADER},
}

IDEMPOTENCY_KEY: Final = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    "description": "Sent again with the same body within 24 h, the request has its effect once and"
    " gets the same answer; with another body 422, while it is being done 409",
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
        "schemas": _schemas(handlers.values()),
        "headers": {name: _header(said) for name, said in HEADERS.items()},
    }
    for path, operation in _operations(document):
        _complete(path, operation, handlers[operation["operationId"]])
    return document


def _handlers(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from route.route_handlers


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    """Of every body and answer, by msgspec: it knows what we refuse, and our words about it."""
    fields = [handler.parsed_return_field for handler in handlers]
    fields += [handler.parsed_data_field for handler in handlers if handler.parsed_data_field]
    kinds = [kind for field in fields for kind in _structs(field)]
    _, components = msgspec.json.schema_components([*kinds, Problem], ref_template=REFERENCE)
    return components


def _structs(field: FieldDefinition) -> Iterator[type[msgspec.Struct]]:
    """However deep: a list of them may come in a response."""
    if isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        yield field.annotation
    for inner in field.inner_types:
        yield from _structs(inner)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield path, item[method]


def _complete(path: str, operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """What Litestar does not say of an operation: its name, key, examples and problems."""
    name, counted = handler.handler_name, path.startswith("/api/") and path != "/api/health"
    operation["summary"] = name.replace("_", " ").capitalize()
    if counted:
        operation["security"] = [{"ApiKey": []}]
    elif path.startswith("/admin/"):
        operation["security"] = [{"AdminKey": []}, {"ApiKey": []}]
    if handler.http_methods & {"POST"} and "security" in operation:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if body := operation.get("requestBody"):
        body["content"]["application/json"]["example"] = BODIES[name]
    answers = operation["responses"]
    well = answers[str(handler.status_code)]
    well["description"] = operation["summary"]
    for content in well.get("content", {}).values():
        content["example"] = ANSWERS[name]
    answers.pop("400", None)
    if handler.opt.get("conditional"):
        answers["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    answers |= {str(status): _problem(status) for status in sorted(_statuses(operation, handler))}
    if counted:
        _tell_limit(answers)


def _tell_limit(answers: dict[str, Any]) -> None:
    """Every answer to a request that was counted says what is left; 401 and 503 are given before."""
    answers["429"] = _problem(429)
    for status, answer in answers.items():
        if status not in {"401", "503"}:
            references = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
            answer["headers"] = {**answer.get("headers", {}), **references}
    wait = {"description": "Seconds to wait", "schema": {"type": "integer"}}
    answers["429"]["headers"]["Retry-After"] = wait


def _header(said: str) -> dict[str, Any]:
    return {"description": said, "schema": {"type": "string"}}


def _statuses(operation: Mapping[str, Any], handler: HTTPRouteHandler) -> set[int]:
    """The problems that an operation may answer."""
    statuses = {500, 503, *handler.opt.get("refuses", ())}
    if "security" in operation:
        statuses.add(401)
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if "parameters" in operation:
        statuses.add(422)
    return statuses


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name="Problem")}
    return {"description": KINDS[status].title, "content": {MEDIA_TYPE: {"schema": schema}}}
