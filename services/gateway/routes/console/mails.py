"""The mails, the newest first, and what each of the six would look like."""

from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect
from markupsafe import Markup

from services.gateway.pages.looks import LOOKS
from services.gateway.pages.wording import spoken
from services.gateway.repository.console import mails
from services.gateway.repository.console.mails import COUNTED, SOURCES, Wanted
from services.gateway.repository.mail_requests import TemplateType
from services.gateway.repository.mails import MailKind
from services.gateway.routes import previews, test_email
from services.gateway.routes.console.act import act, form
from services.gateway.routes.console.asked import a_month, an_id, one_of
from services.gateway.routes.console.mail import Looking, framed
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.problems import Refusal

PER_PAGE: Final = 50
MOST_PAGES: Final = 200
TEMPLATES: Final[tuple[TemplateType, ...]] = get_args(TemplateType)
AWAY: Final = Markup("<!doctype html><title>{0}</title><p>{0}</p>")
KINDS: Final[tuple[MailKind, ...]] = get_args(MailKind)

Text = Annotated[str, QueryParameter(max_length=254)]
Number = Annotated[int, QueryParameter(name="page", ge=1, le=MOST_PAGES)]
Language = Annotated[Literal["fr", "en"] | None, QueryParameter(name="locale")]


@get("/mails")
async def list_mails(
    visit: Visited,
    *,
    tab: Text = "",
    kind: Text = "",
    client_id: Text = "",
    month: Text = "",
    domain: Text = "",
    number: Number = 1,
) -> Response[bytes]:
    """The mails by state, kind, client, month and the recipient's domain."""
    span = a_month("month", month)
    wanted = Wanted(
        tab=one_of("tab", tab, SOURCES) or "all",
        kind=one_of("kind", kind, KINDS),
        client_id=an_id("client_id", client_id),
        since=span[0] if span else None,
        until=span[1] if span else None,
        domain=domain.strip().lower().rpartition("@")[2] or None,
    )
    offset = (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        counts = await mails.counts(connection)
        found = await mails.page(connection, wanted, limit=PER_PAGE + 1, offset=offset)
    given = {"kind": kind, "client_id": client_id, "month": month, "domain": domain}
    filters = {name: value for name, value in given.items() if value}
    here: dict[str, str | int] = {**filters, "tab": tab}
    has_more = len(found) > PER_PAGE and number < MOST_PAGES
    return await shown(
        visit,
        "console/mails.html",
        "mails",
        rows=found[:PER_PAGE],
        counts=counts,
        counted=COUNTED,
        tabs=[(name, _address({**filters, "tab": name})) for name in SOURCES],
        wanted=wanted,
        given=given,
        kinds=KINDS,
        templates=TEMPLATES,
        newer=_address({**here, "page": number - 1}) if number > 1 else "",
        older=_address({**here, "page": number + 1}) if has_more else "",
    )


def _address(query: dict[str, str | int]) -> str:
    kept = {name: value for name, value in query.items() if value not in {"", "all"}}
    return f"/console/mails?{urlencode(kept)}" if kept else "/console/mails"


@get("/mails/preview/{kind:str}")
async def show_preview(
    visit: Visited, kind: FromPath[TemplateType], look: Looking = "light", locale: Language = None
) -> Response[bytes]:
    """One of the six mails as it would be, its facts invented; the notifier writes it anew."""
    return await shown(
        visit,
        "console/preview.html",
        "mails",
        kind=kind,
        look=look,
        looks=LOOKS,
        templates=TEMPLATES,
        locale=locale or visit.locale,
    )


@get("/mails/preview/{kind:str}/body", opt={"part": True})
async def preview_body(
    visit: Visited, kind: FromPath[TemplateType], look: Looking = "light", locale: Language = None
) -> Response[str]:
    """That mail itself, for its frame; why it cannot be shown where the notifier is away."""
    try:
        written = await previews.preview_mail.fn(
            kind=kind, ports=visit.ports, request=visit.request, locale=locale, form="html"
        )
    except Refusal as refusal:
        said = spoken(visit.locale, "mails").words["preview_away"]
        return framed(AWAY.format(said), look, status=refusal.status_code)
    return framed(str(written.content), look)


@post("/mails/test")
async def send_test(visit: Visited) -> Redirect:
    """Send one of the six mails, its facts invented, to whom the operator says."""
    given = await form(visit)
    data = {name: given.get(name, "") for name in ("recipient", "template_type")}
    back = "/console/mails?kind=test"
    return await act(visit, test_email.send_test_email, back=back, said="tested", data=data)


PAGES: Final = (list_mails, show_preview, preview_body, send_test)
