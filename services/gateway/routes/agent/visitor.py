"""Who opens the page: the holder of the link, and how the page answers."""

import gzip
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, cast

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from libs import links
from services.gateway.pages.moments import PARIS
from services.gateway.pages.rendering import guards, render
from services.gateway.pages.wording import Language, Locale, spoken
from services.gateway.repository import agent_links
from services.gateway.repository.agent_links import Holder
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.page_answers import LinkError
from services.gateway.routes.ports import Given, Ports

SUBJECT: Final = "agent"
SAID: Final = frozenset(
    {
        "saved", "undone", "changed_meanwhile", "objection_made", "paused", "not_paused", "resumed",
        "not_resumed",
    }
)  # fmt: skip
"""Words that an address may have a page say."""
WORTH_PACKING: Final = 1400
"""Bytes; less fits one packet as it is."""

Token = Annotated[str, PathParameter(description="What the link in the mail carries")]


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """The client whose link was followed."""

    request: StrictRequest
    ports: Ports
    link: links.Link
    holder: Holder
    path: str
    """Of the page, with its token."""

    @property
    def locale(self) -> Locale:
        """The language of the client."""
        return cast(Locale, self.holder.locale)

    @property
    def say(self) -> Language:
        """How that language says what the page needs."""
        return spoken(self.locale, SUBJECT)

    @property
    def said(self) -> str:
        """What came of the last action, as the address of the page says it."""
        said = self.request.query_params.get("said", "")
        return said if said in SAID else ""

    @property
    def open_until(self) -> date:
        """The day on which the link ends, in Paris."""
        return (self.link.issued_at + timedelta(days=links.PAGE_DAYS)).astimezone(PARIS).date()

    @property
    def unsubscribe_path(self) -> str:
        """Where the same client stops or resumes the mails."""
        secret = self.ports.settings.secret_key
        token = links.sign(secret, "unsubscribe", self.holder.client_id, self.link.issued_at)
        return f"/u/{token}"


Opened = SkipValidation[NamedDependency[Visitor]]
"""The holder of the link, as a page asks for it."""


async def visitor(token: Token, ports: Given, request: StrictRequest) -> Visitor:
    """Whose page a link opens; the page that says why it does not."""
    secret, now = ports.settings.secret_key, ports.clock()
    link = links.read(secret, "page", token, now=now)
    if link is None:
        # Ours, but older than it lasts: read as of long ago.
        ended = links.read(secret, "page", token, now=now - timedelta(days=36500))
        raise LinkError("expired" if ended else "unknown")
    async with ports.reading() as connection:
        holder = await agent_links.holder(connection, link.client_id)
    if holder is None:
        raise LinkError("gone")
    if not holder.may_look(link.issued_at):
        raise LinkError("expired", cast(Locale, holder.locale))
    return Visitor(request=request, ports=ports, link=link, holder=holder, path=f"/c/{token}")


NOTHING: Final[Mapping[str, str]] = {}


def shown(visitor: Visitor, template: str, *, status: int = 200, **names: Any) -> Response[bytes]:
    """A page, or a part of one, in the client's language; packed where that is smaller."""
    content = render(f"agent/{template}", visitor.locale, SUBJECT, visitor=visitor, **names)
    headers = {
        **guards(visitor.ports.settings.tile_origin),
        "Referrer-Policy": "no-referrer",  # the address is the key
        "Vary": "Accept-Encoding, HX-Request",
    }
    if len(content) > WORTH_PACKING and "gzip" in visitor.request.headers.get(
        "Accept-Encoding", ""
    ):
        content = gzip.compress(content, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, media_type="text/html", headers=headers)


def is_partial(request: StrictRequest) -> bool:
    """Whether a script asks for the part of the page that changes."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers
