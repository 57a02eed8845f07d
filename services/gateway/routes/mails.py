"""Mails as operators see and settle them."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import mails
from services.gateway.repository.mails import MailDetail, MailKind, MailLine, MailState, Settled
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, StrictRequest
from services.gateway.routes.conditional import conditional, tag_of
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.paging import Limit, Offset, page
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier

State = Annotated[MailState | None, QueryParameter(name="state", description="Only those")]
Kind = Annotated[MailKind | None, QueryParameter(name="kind", description="Only those")]
Whose = Annotated[UUID | None, QueryParameter(name="client_id", description="Only this client's")]


class ResolveMail(Body, frozen=True, kw_only=True, rename={"verdict": "as"}):
    """What a mail in doubt is taken for: `sent`, or to be sent again (`resend`)."""

    verdict: Literal["sent", "resend"]


@get("/mails", tags=["Mails"])
async def list_mails(
    *,
    ports: Given,
    request: StrictRequest,
    wanted: State = None,
    kind: Kind = None,
    client_id: Whose = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response[list[MailLine]]:
    """The mails, the newest first."""
    async with ports.reading() as connection:
        found = await mails.page(
            connection, state=wanted, kind=kind, client_id=client_id, limit=limit + 1, offset=offset
        )
    return page(request, found, limit=limit, offset=offset)


@get("/mails/{mail_id:str}", tags=["Mails"], opt={"refuses": [404], "conditional": True})
async def read_mail(mail_id: PathId, ports: Given, request: StrictRequest) -> Response[MailDetail]:
    """A mail with its parts and headers as they were handed over, and every attempt at it."""
    wanted = identifier(mail_id, "mail_id")
    async with ports.reading() as connection:
        found = await mails.detail(connection, wanted)
    if found is None:
        raise _unknown(wanted)
    return conditional(request, found, tag_of(found))


@post("/mails/{mail_id:str}/resolve", tags=["Mails"], status_code=200, opt={"refuses": [404, 409]})
async def resolve_mail(
    mail_id: PathId, data: JSONBody[ResolveMail], ports: Given, request: StrictRequest
) -> Response[MailLine]:
    """Settle a mail of which nobody knows whether it arrived.

    `sent` believes that it did; `resend` hands it over once more, under the same Message-ID, for up
    to 24 hours: who has received it may receive it twice.
    """
    wanted = identifier(mail_id, "mail_id")

    async def settle(connection: Connection, _: Emit) -> MailLine:
        _refuse(wanted, await mails.resolve(connection, wanted, data.verdict))
        await record(connection, request, "mail.resolve", wanted, verdict=data.verdict)
        note(request, "mail_resolved", mail_id=str(wanted), verdict=data.verdict)
        found = await mails.find(connection, wanted)
        if found is None:
            raise _unknown(wanted)
        return found

    return await once(request, ports, settle, client_id=lambda line: line.client_id)


def _refuse(mail_id: UUID, settled: Settled) -> None:
    match settled.result:
        case "missing":
            raise _unknown(mail_id)
        case "settled":
            raise Refusal(409, f"Mail {mail_id} is {settled.state}: only unknown can be settled")
        case "blanked":
            raise Refusal(409, f"Mail {mail_id} was forgotten: settle it as sent")
        case "done":
            pass


def _unknown(mail_id: UUID) -> Refusal:
    return unknown(f"Mail {mail_id} not found")
