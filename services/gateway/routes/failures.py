"""The one exception map: whatever is raised becomes a problem document."""

import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from libs.common.errors import TransientError
from libs.common.postgres import AWAY
from services.gateway.routes.problems import KINDS, Fault, Refusal, invalid, respond

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]

RETRY_AFTER_SECONDS: Final = 5
OUR_OWN_WORDS: Final[Mapping[int, str]] = {
    404: "There is nothing at this path; /docs lists every operation",
    405: "This path does not know that method; the Allow header lists those it knows",
    413: "The body is larger than 1 MB",
}
PATH_AT_END: Final = re.compile(r" - at `\$?(.*)`$")


def on_refusal(request: AnyRequest, error: Refusal) -> Response[bytes]:
    """What our own code refused."""
    return respond(
        request,
        error.status_code,
        error.detail,
        faults=error.faults,
        headers=error.headers,
        kind=error.kind,
    )


def on_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What Litestar refused: unknown paths, methods, sizes."""
    if error.status_code not in KINDS or error.status_code >= 500:  # noqa: PLR2004 - HTTP's own border
        return on_bug(request, error)
    detail = OUR_OWN_WORDS.get(error.status_code, error.detail)
    return respond(request, error.status_code, detail, headers=error.headers)


def on_validation(request: AnyRequest, error: ValidationException) -> Response[bytes]:
    """Query and path values that Litestar could not read."""
    found = tuple(faults(request, error.extra))
    if not found:
        return respond(request, 422, error.detail)
    return on_refusal(request, invalid(*found))


def faults(request: AnyRequest, extra: Any) -> Iterator[Fault]:
    """What is wrong with each value."""
    for fault in extra if isinstance(extra, list) else ():
        place = fault.get("source", "query")
        yield Fault(
            pointer="/" + _asked(request, str(fault.get("key", ""))).replace(".", "/"),
            detail=PATH_AT_END.sub("", str(fault.get("message", "is invalid"))),
            place=place if place in {"body", "path"} else "query",
        )


def _asked(request: AnyRequest, name: str) -> str:
    """What the caller calls it; the handler may have another name for it."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    said = parameters[name].kwarg_definition if name in parameters else None
    return getattr(said, "name", None) or name


def on_absence(request: AnyRequest, error: Exception) -> Response[bytes]:
    """PostgreSQL, or something else that we need, is away."""
    log.warning("dependency_away", error=type(error).__name__)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return respond(request, 503, "A part that this needs is away; try again soon", headers=headers)


def on_contention(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Two transactions stood in each other's way: this one was undone, and may be asked for again."""
    log.warning("transaction_undone", error=type(error).__name__)
    detail = "Something else changed the same things at this moment; nothing was done, try again"
    return respond(request, 503, detail, headers={"Retry-After": "1"})


def on_bug(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Ours: the caller learns the trace, the log learns the rest, but no row's values."""
    first_line = str(error.args[0] if error.args else "").partition("\n")[0]
    log.error(
        "request_failed",
        error=f"{type(error).__name__}: {first_line}",
        traceback="".join(traceback.format_tb(error.__traceback__, limit=-8)),
    )
    return respond(request, 500, "Something went wrong on our side; the log knows the trace_id")


HANDLERS: Final[ExceptionHandlersMap] = {
    Refusal: on_refusal,
    ValidationException: on_validation,
    HTTPException: on_http,
    TransientError: on_absence,
    **dict.fromkeys(AWAY, on_absence),
    asyncpg.TransactionRollbackError: on_contention,
    Exception: on_bug,
}
