"""The router of an agent's page, whose refusals are pages too."""

from typing import Final

from litestar import Response, Router
from litestar.di import Provide

from services.gateway.routes.agent import (
    files,
    follow_up,
    objection,
    page,
    places,
    preferences,
)
from services.gateway.routes.agent.page import MissingHomeError
from services.gateway.routes.agent.visitor import shown, visitor
from services.gateway.routes.page_answers import HANDLERS, AnyRequest, on_away, on_http
from services.gateway.routes.problems import Refusal

AWAY: Final = 503
PAGES: Final = (
    page.show_addresses,
    page.show_home,
    follow_up.follow_home,
    follow_up.undo,
    objection.object_home,
    places.show_places,
    files.download_csv,
    files.download_xlsx,
    files.download_sheet,
    files.download_labels,
    files.download_follow_ups,
    preferences.show_preferences,
    preferences.change_preferences,
    preferences.change_cities,
    preferences.pause,
    preferences.resume,
)


def router() -> Router:
    """All that lies under a token."""
    return Router(
        "/c/{token:str}",
        route_handlers=PAGES,
        dependencies={"opened": Provide(visitor)},
        exception_handlers={**HANDLERS, Refusal: _on_refusal, MissingHomeError: _on_missing},
        include_in_schema=False,
    )


def _on_missing(_: AnyRequest, error: MissingHomeError) -> Response[bytes]:
    return shown(error.visitor, "missing.html", status=404)


def _on_refusal(request: AnyRequest, refusal: Refusal) -> Response[bytes]:
    """A part that is needed is not there yet, or what was sent is no form of ours."""
    away = refusal.status_code == AWAY
    return on_away(request, refusal) if away else on_http(request, refusal)
