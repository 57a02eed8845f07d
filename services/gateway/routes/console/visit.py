"""What a page of the console is given, and how it is shown."""

from typing import Any, Final
from uuid import uuid4

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from markupsafe import Markup

from services.gateway.pages.rendering import guards, render
from services.gateway.pages.wording import Locale, spoken
from services.gateway.repository.console import sessions
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.console.csrf import FIELD as CSRF
from services.gateway.routes.console.navigation import Entry, entries
from services.gateway.routes.console.session import AnyConnection, Session, present
from services.gateway.routes.page_answers import preferred
from services.gateway.routes.ports import Given, Ports

ONCE: Final = "once"
LANGUAGE_COOKIE: Final = "trackimmo-language"
NOBODY: Final = Session(token_hash=b"", name="", csrf="")
HIDDEN: Final = Markup('<input type="hidden" name="{}" value="{}">')


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request of an operator who has signed in."""

    request: StrictRequest
    ports: Ports
    session: Session
    locale: Locale


Visited = SkipValidation[NamedDependency[Visit]]
"""The visit, as a page asks for it."""


class Hidden:
    """The hidden fields of a form, each time it is written with a new mark: sent twice, done once."""

    def __init__(self, session: Session) -> None:
        self._csrf = session.csrf

    def __html__(self) -> str:
        """Both fields."""
        return HIDDEN.format(CSRF, self._csrf) + HIDDEN.format(ONCE, uuid4())


def visit(request: StrictRequest, ports: Given) -> Visit:
    """The visit of a request that the guard has let in."""
    session = present(request) or NOBODY
    return Visit(request=request, ports=ports, session=session, locale=locale_of(request))


def locale_of(connection: AnyConnection) -> Locale:
    """The language that the operator chose, else the browser's."""
    chosen = connection.cookies.get(LANGUAGE_COOKIE)
    if chosen == "fr" or chosen == "en":  # noqa: PLR1714 - narrows the type
        return chosen
    return preferred(connection)


async def shown(
    visit: Visit, template: str, subject: str, /, *, status: int = 200, **names: Any
) -> Response[bytes]:
    """A page with the words of its subject; what it says of the last action, it says once."""
    flash = visit.session.flash
    content = written(
        visit, template, subject, flash=flash and told(flash, visit, subject), **names
    )
    if flash:
        async with visit.ports.reading() as connection:
            await sessions.say(connection, visit.session.token_hash, None)
    headers = guards(visit.ports.settings.tile_origin)
    return Response(content, status_code=status, media_type="text/html", headers=headers)


def written(
    visit: Visit, template: str, subject: str, /, *, flash: Any = None, **names: Any
) -> bytes:
    """The page itself."""
    path = visit.request.scope["path"]
    return render(
        template,
        visit.locale,
        subject,
        visit=visit,
        path=path,
        here=_here(visit.request),
        navigation=entries(path),
        csrf=Hidden(visit.session),
        now=visit.ports.clock(),
        flash=flash,
        **names,
    )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The sentence at the top of a page."""

    text: str
    is_done: bool
    detail: str = ""
    """In English, as the interface says it."""


def told(flash: Any, visit: Visit, subject: str) -> Told:
    """What a page says of the last action, in the words of the page that it came back to."""
    words = spoken(visit.locale, subject)
    candidates = [word for word in flash["words"] if word in words.words]
    numbers = {name: words.number(value) for name, value in flash.get("numbers", {}).items()}
    word = next(iter(candidates), "was_done" if flash["is_done"] else "refused")
    text = words.told(word, **numbers)
    return Told(text=text, is_done=flash["is_done"], detail=flash.get("detail", ""))


def _here(request: StrictRequest) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return request.scope["path"] + (f"?{query}" if query else "")


__all__ = ["Entry", "Visit", "Visited", "shown", "visit", "written"]
