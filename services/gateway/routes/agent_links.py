"""The page to unsubscribe: no key and no login, the link in a mail is what opens it."""

from typing import Final, cast
from urllib.parse import parse_qs

import structlog
from litestar import Response, Router, get, post

from libs import links
from services.gateway.pages.rendering import page
from services.gateway.pages.wording import Locale
from services.gateway.repository import agent_links
from services.gateway.repository.agent_links import Holder
from services.gateway.routes.agent.visitor import Token
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.page_answers import HANDLERS, LinkError, answer, preferred
from services.gateway.routes.ports import Given, Ports

log = structlog.get_logger()

FORM: Final = "application/x-www-form-urlencoded"
LONGEST_FORM: Final = 1000
"""Our own is a few words; of whatever else is posted no more is read."""


@get("/u/{token:str}")
async def show_subscription(token: Token, ports: Given, request: StrictRequest) -> Response[bytes]:
    """Whether the client receives our mails, and a button to change that; looking changes nothing."""
    client_id = _unsubscribe_link(token, ports).client_id
    async with ports.reading() as connection:
        holder = await agent_links.holder(connection, client_id)
    return _subscription(holder, request)


@post("/u/{token:str}", status_code=200)
async def change_subscription(
    token: Token, ports: Given, request: StrictRequest
) -> Response[bytes]:
    """Unsubscribe, at once and as often as asked; only the page's own button resumes.

    A mail program sends `List-Unsubscribe=One-Click` (RFC 8058) and follows no redirect.
    """
    client_id = _unsubscribe_link(token, ports).client_id
    resumes = await _action(request) == "resume"
    async with ports.writing() as (connection, _):
        if resumes:
            changed = await agent_links.resume(connection, client_id)
        else:
            changed = await agent_links.unsubscribe(connection, client_id, "link")
        holder = await agent_links.holder(connection, client_id)
    log.info("subscription_asked", client_id=str(client_id), resumes=resumes, changed=changed)
    return _subscription(holder, request, done=True)


def _unsubscribe_link(token: str, ports: Ports) -> links.Link:
    link = links.read(ports.settings.secret_key, "unsubscribe", token, now=ports.clock())
    if link is None:
        raise LinkError("unknown")
    return link


async def _action(request: StrictRequest) -> str:
    if request.content_type[0] != FORM:
        return ""
    fields = parse_qs((await request.body())[:LONGEST_FORM].decode("utf-8", "replace"))
    return fields.get("action", [""])[0]


def _subscription(
    holder: Holder | None, request: StrictRequest, *, done: bool = False
) -> Response[bytes]:
    if holder is None:  # nothing is sent any more, which is all that was asked for
        return answer(page("message", preferred(request), subject="gone"))
    content = page("unsubscribe", _locale(holder), unsubscribed=holder.unsubscribed, done=done)
    return answer(content)


def _locale(holder: Holder) -> Locale:
    return cast(Locale, holder.locale)


def router() -> Router:
    """The pages, whose refusals are pages too."""
    return Router(
        "/",
        route_handlers=[show_subscription, change_subscription],
        exception_handlers=HANDLERS,
        include_in_schema=False,
    )
