"""A mail: as its reader sees it, its parts, its attempts, and the settling of a doubt."""

from typing import Annotated, Final, Literal, get_args

from litestar import MediaType, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.pages import looks
from services.gateway.pages.letters import shown as visible
from services.gateway.pages.looks import LOOKS, Look
from services.gateway.repository import mails
from services.gateway.repository.console.mails import TEMPLATES, client_name
from services.gateway.repository.mails import MailDetail
from services.gateway.routes import mails as operations
from services.gateway.routes.console.act import act, form
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier

View = Literal["rendered", "text", "headers", "source", "attempts"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
MOST_SIGNS: Final = 60_000
"""Of a source on its page; the whole of it is a link away."""

Looking = Annotated[Look, QueryParameter(description="As which reader sees it")]
Viewing = Annotated[View, QueryParameter(name="tab", description="Which part of it")]


@get("/mails/{mail_id:str}")
async def show_mail(
    visit: Visited, mail_id: PathId, view: Viewing = "rendered", look: Looking = "light"
) -> Response[bytes]:
    """A mail with its parts and headers as they were handed over, and every attempt at it."""
    mail = await _mail(visit, mail_id)
    async with visit.ports.reading() as connection:
        name = mail.client_id and await client_name(connection, mail.client_id)
    source = visible(mail.html_body or "")
    return await shown(
        visit,
        "console/mail.html",
        "mails",
        mail=mail,
        client_name=name,
        view=view,
        views=VIEWS,
        look=look,
        looks=LOOKS,
        text=visible(mail.text_body or "")[:MOST_SIGNS],
        source=source[:MOST_SIGNS],
        is_cut=len(source) > MOST_SIGNS,
        headers={name: visible(value) for name, value in (mail.headers or {}).items()},
        template=TEMPLATES.get(mail.kind),
    )


@get("/mails/{mail_id:str}/body", opt={"part": True})
async def mail_body(visit: Visited, mail_id: PathId, look: Looking = "light") -> Response[str]:
    """The mail itself, for its frame."""
    mail = await _mail(visit, mail_id)
    return framed(_html(mail), look)


@get("/mails/{mail_id:str}/source.txt", opt={"part": True})
async def mail_source(visit: Visited, mail_id: PathId) -> Response[str]:
    """All of the mail's HTML as text."""
    mail = await _mail(visit, mail_id)
    return Response(_html(mail), media_type=MediaType.TEXT, headers=KEPT_BY_NOBODY)


@post("/mails/{mail_id:str}/resolve")
async def resolve(visit: Visited, mail_id: PathId) -> Redirect:
    """Settle a mail in doubt: it arrived, or it is to be sent again."""
    verdict = (await form(visit)).get("verdict", "")
    return await act(
        visit,
        operations.resolve_mail,
        back=f"/console/mails/{mail_id}",
        said=f"resolved_{verdict}" if verdict in {"sent", "resend"} else "resolved",
        mail_id=mail_id,
        data={"as": verdict},
    )


KEPT_BY_NOBODY: Final = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def framed(html: str, look: Look, *, status: int = 200) -> Response[str]:
    """A mail's page under the strictest policy: it runs nothing, loads nothing, leaves no frame."""
    headers = {**KEPT_BY_NOBODY, "Content-Security-Policy": looks.SECURITY_POLICY}
    page = looks.seen(html, look)
    return Response(page, status_code=status, media_type=MediaType.HTML, headers=headers)


async def _mail(visit: Visit, mail_id: str) -> MailDetail:
    wanted = identifier(mail_id, "mail_id")
    async with visit.ports.reading() as connection:
        found = await mails.detail(connection, wanted)
    if found is None:
        raise unknown(f"Mail {wanted} not found")
    return found


def _html(mail: MailDetail) -> str:
    if mail.html_body is None:
        raise unknown("This mail was not written yet, or its parts are no longer kept")
    return mail.html_body


PAGES: Final = (show_mail, mail_body, mail_source, resolve)
