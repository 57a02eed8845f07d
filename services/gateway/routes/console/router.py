"""The router of the console: who is let in, and the pages."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, cast

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ControllerRouterHandler

from services.gateway.routes.body import StrictRequest
from services.gateway.routes.console import (
    audit,
    bulk,
    cities,
    client,
    client_actions,
    client_form,
    clients,
    dead_letter,
    dead_letters,
    forms,
    imports,
    job,
    jobs,
    keys,
    mail,
    mails,
    overview,
    places,
    schedule,
    settings,
    sign_in,
    topics,
)
from services.gateway.routes.console.csrf import FIELD, SAFE, refuse_foreign, refuse_forged
from services.gateway.routes.console.errors import SIGN_IN, SignInNeededError, handlers
from services.gateway.routes.console.navigation import ROOT
from services.gateway.routes.console.session import ended, recall, token_of
from services.gateway.routes.console.visit import visit
from services.gateway.routes.entrance import Entrance
from services.gateway.routes.keys import Door
from services.gateway.routes.ports import Ports
from services.gateway.routes.problems import Refusal
from services.gateway.routes.streams import MEDIA_TYPE, UNTIL

AnyConnection = ASGIConnection[Any, Any, Any, Any]

PAGES: Final = (
    *sign_in.PAGES,
    *job.PAGES,
    *jobs.PAGES,
    *clients.PAGES,
    *client.PAGES,
    *client_form.PAGES,
    *client_actions.PAGES,
    *overview.PAGES,
    *places.PAGES,
    *cities.PAGES,
    *imports.PAGES,
    *topics.PAGES,
    *schedule.PAGES,
    *settings.PAGES,
    *keys.PAGES,
    *audit.PAGES,
    *mails.PAGES,
    *mail.PAGES,
    *dead_letters.PAGES,
    *bulk.PAGES,
    *dead_letter.PAGES,
)
"""Every page; a new module adds its own here."""


def router(ports: Ports, doors: Entrance) -> Router:
    """The console, whose refusals are pages too."""
    return behind_sign_in(ROOT, [*PAGES, sign_in.letting_in(doors.sign_in)], ports, doors)


def behind_sign_in(
    path: str, pages: Sequence[ControllerRouterHandler], ports: Ports, doors: Entrance
) -> Router:
    """Pages that only operators see."""
    return Router(
        path,
        route_handlers=pages,
        guards=[guard(ports, doors.operators)],
        dependencies={"visit": Provide(visit, sync_to_thread=False)},
        exception_handlers=handlers(ports),
        include_in_schema=False,
    )


def _is_stream(handler: BaseRouteHandler) -> bool:
    return isinstance(handler, HTTPRouteHandler) and handler.media_type == MEDIA_TYPE


def _asks_to_sign_in(request: StrictRequest) -> Exception:
    """A page leads to the sign-in; what a script asked for cannot show one, and is told to go there."""
    if request.headers.get("HX-Request") or MEDIA_TYPE in request.headers.get("Accept", ""):
        return Refusal(401, "You are not signed in, or no longer", headers={"HX-Redirect": SIGN_IN})
    return SignInNeededError()


def guard(ports: Ports, door: Door) -> Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]:
    """Lets in who has signed in; a route with `open` in its `opt`, whoever asks."""

    async def enter(connection: AnyConnection, handler: BaseRouteHandler) -> None:
        request = cast(StrictRequest, connection)
        acts = request.method not in SAFE
        if acts:
            refuse_foreign(request)
        session, follows = None, _is_stream(handler)
        if token := token_of(request, ports.settings):
            async with ports.reading() as database:
                session = await recall(request, database, token, door, is_use=not follows)
        if handler.opt.get("open"):
            return
        if session is None and acts:
            raise Refusal(403, "You are not signed in, or no longer: sign in, then repeat")
        if session is None:
            raise _asks_to_sign_in(request)
        if follows:
            request.scope["state"][UNTIL] = partial(ended, ports.reading, session)
        if acts:
            refuse_forged(session, (await forms.values(request)).get(FIELD, ""))

    return enter
