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


class Answers:
    """What becomes of whatever the console raises: a page, with the way on."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def __deepcopy__(self, _: object) -> "Answers":
        """Itself: a router is copied with its handlers, and there is only one outside."""
        return self

    def on_http(self, request: AnyRequest, error: HTTPException) -> Shown:
        """What we or Litestar refused."""
        if error.status_code == OURS:
            return self.on_bug(request, error)
        return self._shown(request, error.status_code, error.detail, error.headers)

    def on_validation(self, request: AnyRequest, error: ValidationException) -> Shown:
        """Values of the address that cannot be read."""
        faults = failures.faults(request, error.extra)
        detail = "; ".join(f"{fault.pointer[1:]}: {fault.detail}" for fault in faults)
        return self._shown(request, INVALID, detail or error.detail)

    def on_unkeepable(self, request: AnyRequest, _: Exception) -> Shown:
        """A value with a sign that PostgreSQL keeps nowhere, so that nothing is called so."""
        return self._shown(request, INVALID, "A value holds a sign that cannot be kept")

    def on_away(self, request: AnyRequest, error: Exception) -> Shown:
        """PostgreSQL, or something else that we need, is away."""
        failures.on_absence(request, error)
        return self._shown(request, AWAY_STATUS, headers=RETRY_AFTER)

    def on_contention(self, request: AnyRequest, error: Exception) -> Shown:
        """Undone, since something else changed the same things."""
        failures.on_contention(request, error)
        return self._shown(request, AWAY_STATUS, headers=RETRY_AFTER)

    def on_bug(self, request: AnyRequest, error: Exception) -> Shown:
        """Ours; the log knows what."""
        failures.on_bug(request, error)
        return self._shown(request, OURS)

    def _shown(
        self,
        request: AnyRequest,
        status: int,
        detail: str = "",
        headers: dict[str, str] | None = None,
    ) -> Shown:
        visit = Visit(
            request=cast(StrictRequest, request),
            ports=self._ports,
            session=present(request) or NOBODY,
            locale=locale_of(request),
        )
        about = str(status) if status in WORDED else "other"
        trace = request.scope["state"].get("trace_id", "")
        content = written(
            visit, "console/error.html", "errors", about=about, detail=detail, trace=trace
        )
        given = {**guards(), **(headers or {})}
        return Response(content, status_code=status, media_type="text/html", headers=given)


def handlers(ports: Ports) -> ExceptionHandlersMap:
    """What becomes of whatever the console raises."""
    answers = Answers(ports)
    return {
        SignInNeededError: _to_sign_in,
        HTTPException: answers.on_http,
        Refusal: answers.on_http,
        ValidationException: answers.on_validation,
        TransientError: answers.on_away,
        **dict.fromkeys(AWAY, answers.on_away),
        asyncpg.CharacterNotInRepertoireError: answers.on_unkeepable,
        asyncpg.TransactionRollbackError: answers.on_contention,
        Exception: answers.on_bug,
    }


def beside(elsewhere: ExceptionHandlersMap, ports: Ports) -> ExceptionHandlersMap:
    """The same handlers, but for paths of the console that no page has, and methods that none knows."""
    answers = Answers(ports)
    theirs = cast(Callable[..., Shown], elsewhere[HTTPException])

    def on_http(request: AnyRequest, error: HTTPException) -> Shown:
        path = request.scope["path"]
        is_ours = path == ROOT or path.startswith(f"{ROOT}/")
        return answers.on_http(request, error) if is_ours else theirs(request, error)

    return {**elsewhere, HTTPException: cast(Any, on_http)}


def _to_sign_in(request: AnyRequest, _: SignInNeededError) -> Redirect:
    """To the page that lets in; it leads back to where the operator wanted to go."""
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    return Redirect(f"{SIGN_IN}?{urlencode({'next': wanted})}", status_code=303)
