"""Mails as they would be; nothing is sent."""

from functools import partial
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from litestar import Response, get
from litestar.params import PathParameter, QueryParameter

from services.gateway.repository import clients, mail_requests
from services.gateway.repository.mail_requests import Failed, Preview, TemplateType
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.ports import Given, Ports
from services.gateway.routes.problems import Refusal, unavailable, unknown
from services.gateway.routes.waiting import until

Form = Literal["html", "text", "json"]
MEDIA_TYPES: Final[dict[str, Form]] = {
    "text/html": "html",
    "text/plain": "text",
    "application/json": "json",
}
AS_A_MAIL: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A mail carries its own styles and nothing else; it runs no script wherever it is shown."""

Kind = Annotated[TemplateType, PathParameter(description="Which mail")]
Whose = Annotated[
    UUID | None,
    QueryParameter(name="client_id", description="Whose; without it, an invented client's"),
]
Language = Annotated[
    Literal["fr", "en"] | None,
    QueryParameter(name="locale", description="Without it, the client's own"),
]
Shape = Annotated[
    Form | None,
    QueryParameter(name="format", description="Without it, as Accept says; else html"),
]


@get(
    "/mails/preview/{kind:str}",
    tags=["Mails"],
    opt={"refuses": [404, 409], "media": ["text/html", "text/plain"]},
)
async def preview_mail(
    *,
    kind: Kind,
    ports: Given,
    request: StrictRequest,
    client_id: Whose = None,
    locale: Language = None,
    form: Shape = None,
) -> Response[Preview]:
    """A mail as it would be: the latest delivery, the next notice, or what else there is to tell.

    Where there is nothing yet, facts are invented, and the mail says so. Nothing is sent.
    """
    async with ports.writing() as (connection, _):
        if client_id and not await clients.exists(connection, client_id):
            raise unknown(f"Client {client_id} not found")
        asked = await mail_requests.request_preview(connection, kind, client_id, locale)
    shown = await _written(ports, asked)
    return _shaped(shown, form or _accepted(request))


async def _written(ports: Ports, preview_id: UUID) -> Preview:
    found = await until(ports, partial(mail_requests.preview, preview_id=preview_id))
    if found is None:
        raise unavailable("The notifier writes no mails at the moment; try again soon")
    if isinstance(found, Failed):
        raise Refusal(409, f"This mail cannot be written: {found.error}")
    return found


def _accepted(request: StrictRequest) -> Form:
    wanted = request.accept.best_match(list(MEDIA_TYPES), default="text/html")
    return MEDIA_TYPES.get(str(wanted), "html")


def _shaped(shown: Preview, form: Form) -> Response[Preview]:
    vary = {"Vary": "Accept"}
    if form == "json":
        return Answer(shown, headers=vary)
    text, media_type = (
        (shown.html_body, "text/html") if form == "html" else (shown.text_body, "text/plain")
    )
    headers = {**vary, "Content-Security-Policy": AS_A_MAIL}
    return cast(Response[Preview], Response(text, media_type=media_type, headers=headers))
