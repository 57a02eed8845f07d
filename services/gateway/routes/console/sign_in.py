"""Signing in with an operator's key, signing out, and the language of the pages."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, cast

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from litestar.types import Scope

from services.gateway.repository import audit
from services.gateway.repository.console import sessions
from services.gateway.routes.audited import record
from services.gateway.routes.console import session
from services.gateway.routes.console.act import SEE_OTHER, form
from services.gateway.routes.console.errors import SIGN_IN
from services.gateway.routes.console.navigation import ROOT
from services.gateway.routes.console.visit import LANGUAGE_COOKIE, Visit, Visited, shown
from services.gateway.routes.keys import Admit, Principal
from services.gateway.routes.ports import Ports
from services.gateway.routes.problems import Refusal, unknown

LONGEST_KEY: Final = 500
YEAR_SECONDS: Final = 365 * 86400
LOCAL: Final = re.compile(r"/console(?:[/?][!-~]*)?")
"""A path of the console: no host, no scheme, nothing that a browser reads as one."""

Next = Annotated[str, QueryParameter(name="next", max_length=2000)]


@get("/sign-in", opt={"open": True})
async def ask_key(visit: Visited, wanted: Next = ROOT) -> Response[bytes]:
    """The form that asks for a key."""
    return await shown(visit, "console/sign_in.html", "sign_in", wanted=local(wanted), wrong="")


@post("/sign-out")
async def sign_out(visit: Visited) -> Response[None]:
    """End the session, wherever else its cookie was copied to."""
    async with visit.ports.writing() as (connection, _):
        await sessions.end(connection, visit.session.token_hash)
        await record(connection, visit.request, "console.sign_out", visit.session.name)
    answer = Redirect(SIGN_IN, status_code=SEE_OTHER)
    answer.set_cookie(session.cookie(visit.ports.settings, ""))
    return cast(Response[None], answer)


@post("/language", opt={"open": True})
async def choose_language(visit: Visited) -> Response[None]:
    """Show the pages in the other language from now on."""
    given = await form(visit)
    answer = Redirect(local(given.get("next", ROOT)), status_code=SEE_OTHER)
    answer.set_cookie(
        Cookie(
            key=LANGUAGE_COOKIE,
            value="en" if given.get("locale") == "en" else "fr",
            max_age=YEAR_SECONDS,
            path=ROOT,
            httponly=True,
            samesite="lax",
            secure=session.is_secure(visit.ports.settings),
        )
    )
    return cast(Response[None], answer)


@get("/{rest:path}", sync_to_thread=False)
def nowhere(rest: FromPath[str]) -> None:
    """What no page has: said to operators only, with the way to the pages that there are."""
    raise unknown(f"There is no page {rest[:60]!r}")


def letting_in(admit: Admit) -> HTTPRouteHandler:
    """The route that lets in who brings a key of an operator."""

    @post("/sign-in", opt={"open": True})
    async def sign_in(visit: Visited) -> Response[Any]:
        """Let in, and lead to where the operator wanted to go."""
        given = await form(visit)
        wanted = local(given.get("next", ROOT))
        try:
            who = await admit(_bringing(visit.request.scope, given.get("key", "")))
        except Refusal as refusal:
            return await _asked_again(visit, refusal, wanted)
        token = session.new_token()
        await _begin(visit.ports, visit, who, token)
        answer = Redirect(wanted, status_code=SEE_OTHER)
        answer.set_cookie(session.cookie(visit.ports.settings, token))
        return answer

    return sign_in


def local(path: str) -> str:
    """The path, if it leads to a page of the console; else where all begin."""
    return path if LOCAL.fullmatch(path) else ROOT


def _bringing(scope: Scope, key: str) -> Scope:
    """The request as the interface would send it: one header for each that opens to operators."""
    brought = key.strip()[:LONGEST_KEY].encode("utf-8", "replace")
    headers = [(b"x-admin-key", brought)]
    return cast(Scope, {**scope, "headers": headers})


async def _begin(ports: Ports, visit: Visit, who: Principal, token: str) -> None:
    async with ports.writing() as (connection, _):
        old = visit.session.token_hash
        if old:
            await sessions.end(connection, old)
        await sessions.begin(connection, session.digest(token), who.key_hash, who.prefix)
        await audit.record(
            connection,
            actor=who.prefix,
            action="console.sign_in",
            target=who.prefix,
            request_id=visit.request.scope["state"].get("request_id", ""),
        )


async def _asked_again(visit: Visit, refusal: Refusal, wanted: str) -> Response[bytes]:
    too_many = refusal.status_code == 429  # noqa: PLR2004 - as HTTP calls it
    answer = await shown(
        visit,
        "console/sign_in.html",
        "sign_in",
        status=refusal.status_code,
        wanted=wanted,
        wrong="too_many" if too_many else "wrong_key",
    )
    headers: Mapping[str, str] = refusal.headers or {}
    for name, value in headers.items():
        answer.headers[name] = value
    return answer


PAGES: Final = (ask_key, sign_out, choose_language, nowhere)
