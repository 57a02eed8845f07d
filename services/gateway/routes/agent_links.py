"""Pages that links in mails lead to: no key and no login, the link itself is what opens them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final, cast
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from litestar import Response, Router, get, post
from litestar.params import PathParameter, QueryParameter

from libs import links
from libs.common.postgres import Connection
from services.gateway.domain.homes import DeliveredHome
from services.gateway.pages.addresses import files, months
from services.gateway.pages.rendering import page
from services.gateway.pages.wording import Locale
from services.gateway.repository import addresses, agent_links
from services.gateway.repository.agent_links import Holder
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.exports import download
from services.gateway.routes.page_answers import HANDLERS, LinkError, answer, preferred
from services.gateway.routes.ports import Given, Ports

log = structlog.get_logger()

PER_PAGE: Final = 100
FORM: Final = "application/x-www-form-urlencoded"
LONGEST_FORM: Final = 1000
"""Our own is a few words; of whatever else is posted no more is read."""

Token = Annotated[str, PathParameter(description="What the link in the mail carries")]
Number = Annotated[int, QueryParameter(name="page", ge=1, le=100_000)]


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


@get("/c/{token:str}")
async def show_addresses(token: Token, ports: Given, number: Number = 1) -> Response[bytes]:
    """What the client has received, the newest delivery first."""
    async with ports.reading() as connection:
        link, holder = await page_holder(connection, token, ports)
        homes, total = await _shown(connection, holder.client_id, number)
        if number > 1 and not total:  # past the end of a list that may have become shorter
            number = 1
            homes, total = await _shown(connection, holder.client_id, number)
    locale, secret = _locale(holder), ports.settings.secret_key
    content = page(
        "addresses",
        locale,
        total=total,
        months=months(homes, locale),
        files=files(homes),
        open_until=(link.issued_at + timedelta(days=links.PAGE_DAYS)).date(),
        path=f"/c/{token}",
        newer=number - 1,
        older=number + 1 if number * PER_PAGE < total else 0,
        unsubscribe_path=f"/u/{links.sign(secret, 'unsubscribe', holder.client_id, link.issued_at)}",
        unsubscribed=holder.unsubscribed,
    )
    return answer(content)


@get("/c/{token:str}/properties.csv", media_type="text/csv")
async def download_addresses(token: Token, ports: Given) -> Response[bytes]:
    """What the client has received, as a file for a spreadsheet."""
    async with ports.reading() as connection:
        _, holder = await page_holder(connection, token, ports)
    return await download(ports, holder.client_id, "csv")


async def page_holder(
    connection: Connection, token: str, ports: Ports
) -> tuple[links.Link, Holder]:
    """Whose page a link opens; the page that says why it does not."""
    secret, now = ports.settings.secret_key, ports.clock()
    link = links.read(secret, "page", token, now=now)
    if link is None:
        # Ours, but older than it lasts: read as of long ago.
        ended = links.read(secret, "page", token, now=now - timedelta(days=36500))
        raise LinkError("expired" if ended else "unknown")
    holder = await agent_links.holder(connection, link.client_id)
    if holder is None:
        raise LinkError("gone")
    if not holder.may_look(link.issued_at):
        raise LinkError("expired", _locale(holder))
    return link, holder


async def _shown(
    connection: Connection, client_id: UUID, number: int
) -> tuple[Sequence[DeliveredHome], int]:
    offset = (number - 1) * PER_PAGE
    return await addresses.shown(connection, client_id, limit=PER_PAGE, offset=offset)


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
        route_handlers=[show_subscription, change_subscription, show_addresses, download_addresses],
        exception_handlers=HANDLERS,
        include_in_schema=False,
    )
