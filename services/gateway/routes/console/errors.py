"""Refusals and failures of the console, as pages that say what to do."""

from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlencode

import asyncpg
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from libs.common.errors import TransientError
from libs.common.postgres import AWAY
from services.gateway.pages.rendering import guards
from services.gateway.routes import failures
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.console.navigation import ROOT
from services.gateway.routes.console.session import present
from services.gateway.routes.console.visit import NOBODY, Visit, locale_of, written
from services.gateway.routes.ports import Ports
from services.gateway.routes.problems import Refusal

AnyRequest = Request[Any, Any, Any]
Shown = Response[bytes]

SIGN_IN: Final = f"{ROOT}/sign-in"
INVALID: Final = 422
OURS: Final = 500
AWAY_STATUS: Final = 503
WORDED: Final = frozenset({401, 403, 404, 405, 409, 413, 422, 429, 500, 503})
RETRY_AFTER: Final = {"Retry-After": "5"}


class SignInNeededError(Exception):
    """A page that only operators see."""


def handlers(ports: Ports) -> ExceptionHandlersMap:
    """What becomes of whatever the console raises."""

    def shown(
        request: AnyRequest, status: int, detail: str = "", headers: dict[str, str] | None = None
    ) -> Shown:
        visit = Visit(
            request=cast(StrictRequest, request),
            ports=ports,
            session=present(request) or NOBODY,
            locale=locale_of(request),
        )
        subject = str(status) if status in WORDED else "other"
        trace = request.scope["state"].get("trace_id", "")
        content = written(
            visit, "console/error.html", "errors", about=subject, detail=detail, trace=trace
        )
        return Response(
            content,
            status_code=status,
            media_type="text/html",
            headers={**guards(), **(headers or {})},
        )

    def on_http(request: AnyRequest, error: HTTPException) -> Shown:
        if error.status_code == OURS:
            return on_bug(request, error)
        return shown(request, error.status_code, error.detail, error.headers)

    def on_validation(request: AnyRequest, error: ValidationException) -> Shown:
        faults = failures.faults(request, error.extra)
        detail = "; ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in faults)
        return shown(request, INVALID, detail or error.detail)

    def on_away(request: AnyRequest, error: Exception) -> Shown:
        failures.on_absence(request, error)
        return shown(request, AWAY_STATUS, headers=RETRY_AFTER)

    def on_contention(request: AnyRequest, error: Exception) -> Shown:
        failures.on_contention(request, error)
        return shown(request, AWAY_STATUS, headers=RETRY_AFTER)

    def on_bug(request: AnyRequest, error: Exception) -> Shown:
        failures.on_bug(request, error)
        return shown(request, OURS)

    return {
        SignInNeededError: _to_sign_in,
        HTTPException: on_http,
        Refusal: on_http,
        ValidationException: on_validation,
        TransientError: on_away,
        **dict.fromkeys(AWAY, on_away),
        asyncpg.TransactionRollbackError: on_contention,
        Exception: on_bug,
    }


def beside(elsewhere: ExceptionHandlersMap, ports: Ports) -> ExceptionHandlersMap:
    """The same handlers, but for paths of the console that no page has, and methods that none knows."""
    ours = cast(Callable[..., Shown], handlers(ports)[HTTPException])
    theirs = cast(Callable[..., Shown], elsewhere[HTTPException])

    def on_http(request: AnyRequest, error: HTTPException) -> Shown:
        path = request.scope["path"]
        is_ours = path == ROOT or path.startswith(f"{ROOT}/")
        return ours(request, error) if is_ours else theirs(request, error)

    return {**elsewhere, HTTPException: cast(Any, on_http)}


def _to_sign_in(request: AnyRequest, _: SignInNeededError) -> Redirect:
    """To the page that lets in; it leads back to where the operator wanted to go."""
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return Redirect(f"{SIGN_IN}?{urlencode({'next': wanted})}", status_code=303)
