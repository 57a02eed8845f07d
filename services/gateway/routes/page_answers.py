"""Answers for people: pages, the refusals too."""

from typing import Any, Final, Literal

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from libs.common.errors import TransientError
from libs.common.postgres import AWAY
from services.gateway.pages.rendering import HEADERS, page
from services.gateway.pages.wording import Locale
from services.gateway.routes.failures import RETRY_AFTER_SECONDS, on_absence, on_bug

AnyRequest = Request[Any, Any, Any]
Why = Literal["unknown", "expired", "gone"]

NOT_FOUND: Final = 404
OURS: Final = 500


class LinkError(Exception):
    """A link that opens nothing, and why."""

    def __init__(self, why: Why, locale: Locale | None = None) -> None:
        super().__init__(why)
        self.why: Final = why
        self.locale: Final = locale


def answer(
    content: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """A page of one's own: nobody keeps it, finds it or frames it."""
    return Response(
        content,
        status_code=status,
        media_type="text/html",
        headers={**HEADERS, **(headers or {})},
    )


def preferred(request: ASGIConnection[Any, Any, Any, Any]) -> Locale:
    """The language of a reader whom we do not know: French unless English comes first."""
    wanted = request.headers.get("Accept-Language", "")
    return "en" if wanted.strip().lower().startswith("en") else "fr"


def on_link(request: AnyRequest, error: LinkError) -> Response[bytes]:
    """Say what to do instead."""
    locale = error.locale or preferred(request)
    return answer(page("message", locale, subject=error.why), status=NOT_FOUND)


def on_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What Litestar refused: another method, a number that is none."""
    if error.status_code >= OURS:
        return on_failure(request, error)
    content = page("message", preferred(request), subject="unknown")
    return answer(content, status=error.status_code, headers=error.headers)


def on_away(request: AnyRequest, error: Exception) -> Response[bytes]:
    """PostgreSQL is away."""
    on_absence(request, error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    content = page("message", preferred(request), subject="away")
    return answer(content, status=503, headers=headers)


def on_failure(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Ours; the log knows what."""
    on_bug(request, error)
    return answer(page("message", preferred(request), subject="away"), status=OURS)


HANDLERS: Final[ExceptionHandlersMap] = {
    LinkError: on_link,
    HTTPException: on_http,
    TransientError: on_away,
    **dict.fromkeys(AWAY, on_away),
    Exception: on_failure,
}
