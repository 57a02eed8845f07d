"""What Litestar does not say of an operation: its key, its examples, its problems, its headers."""

from collections.abc import Mapping
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from services.gateway.routes import once
from services.gateway.routes.examples import ANSWERS, BODIES
from services.gateway.routes.limit import HEADERS as LIMIT
from services.gateway.routes.problems import KINDS, MEDIA_TYPE
from services.gateway.routes.schemas import REFERENCE

HEADERS: Final[Mapping[str, str]] = {
    "X-Request-ID": "The request's id: yours if you sent one, else ours",
    "traceparent": "The request's place in your trace (W3C Trace Context), or in a new one",
    **LIMIT,
    "Retry-After": "Seconds to wait before trying again",
    "WWW-Authenticate": "The header that takes the key",
    "ETag": "The state of the object; send it in If-None-Match or If-Match",
    "Cache-Control": "Whether the answer may be kept: only to be asked about again",
    "Location": "Where the new object is",
    "Link": 'The next page, `rel="next"`; none on the last one',
    once.REPLAYED: "`true` when the answer was given before, under the same Idempotency-Key",
}
"""Whatever an answer of ours may carry."""

ALWAYS: Final = ("X-Request-ID", "traceparent")
BY_STATUS: Final[Mapping[str, tuple[str, ...]]] = {
    "401": ("WWW-Authenticate",),
    "304": ("ETag", "Cache-Control"),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
NOT_COUNTED: Final = frozenset({"401", "503"})
"""Given before a request is counted, or because it cannot be."""

ONCE: Final = f"""

Takes an `{once.HEADER}` (1 to 255 printable ASCII characters): sent again within 24 hours with the
same body, the request has its effect once and its answer again. With another body: 422; while the
first is being done: 409."""
CONDITIONAL: Final = (
    "\n\n`If-None-Match` with the last `ETag`: 304 without a body if nothing has changed."
)
MATCHING: Final = "\n\n`If-Match` with the last `ETag`: 412 if it has changed meanwhile."


def complete(path: str, operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """Say of an operation all that its caller may meet."""
    name, counted = handler.handler_name, path.startswith("/api/") and path != "/api/health"
    operation["summary"] = name.replace("_", " ").capitalize()
    if counted:
        operation["security"] = [{"ApiKey": []}]
    elif path.startswith("/admin/"):
        operation["security"] = [{"AdminKey": []}, {"ApiKey": []}]
    if body := operation.get("requestBody"):
        body["content"]["application/json"]["example"] = BODIES[name]
    answers = operation["responses"]
    _tell_success(answers[str(handler.status_code)], operation, handler)
    answers.pop("400", None)
    if handler.opt.get("conditional"):
        operation["description"] += CONDITIONAL
        answers["304"] = {"description": "Unchanged since the ETag in If-None-Match"}
    if _is_once(operation, handler):
        operation["description"] += ONCE
    statuses = _statuses(operation, handler)
    if 412 in statuses:  # noqa: PLR2004 - changed meanwhile
        operation["description"] += MATCHING
    answers |= {str(status): _problem(status) for status in sorted(statuses)}
    for status, answer in answers.items():
        told = [*ALWAYS, *BY_STATUS.get(status, ())]
        told += LIMIT if counted and status not in NOT_COUNTED else ()
        _tell(answer, told)
    if _is_once(operation, handler):
        _tell(answers["409"], ("Retry-After",))


def _tell_success(answer: dict[str, Any], operation: Any, handler: HTTPRouteHandler) -> None:
    answer["description"] = operation["summary"]
    if content := answer.get("content", {}).get("application/json"):
        content["example"] = ANSWERS[handler.handler_name]
        for media_type in handler.opt.get("media", ()):
            answer["content"][media_type] = {"schema": {"type": "string"}}
    told = list(handler.opt.get("tells", ()))
    if handler.opt.get("conditional"):
        told += ("ETag", "Cache-Control")
    if any(parameter["name"] == "offset" for parameter in operation.get("parameters", ())):
        told.append("Link")
    if _is_once(operation, handler):
        told.append(once.REPLAYED)
    _tell(answer, told)


def _tell(answer: dict[str, Any], names: Any) -> None:
    references = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    answer["headers"] = {**answer.get("headers", {}), **references}


def _is_once(operation: Mapping[str, Any], handler: HTTPRouteHandler) -> bool:
    return "POST" in handler.http_methods and "security" in operation


def _statuses(operation: Mapping[str, Any], handler: HTTPRouteHandler) -> set[int]:
    """The problems that an operation may answer."""
    statuses = {500, 503, *handler.opt.get("refuses", ())}
    if "security" in operation:
        statuses |= {401, 429}
    if _is_once(operation, handler):
        statuses |= {409, 422}
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if "parameters" in operation:
        statuses.add(422)
    return statuses


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name="Problem")}
    return {"description": KINDS[status].title, "content": {MEDIA_TYPE: {"schema": schema}}}
