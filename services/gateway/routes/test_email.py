"""Test mails: one of the mails, to whoever an operator says."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from msgspec import Meta

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import mail_requests
from services.gateway.repository.mail_requests import Outcome, SmtpConfig, TemplateType
from services.gateway.routes.answer import Answer
from services.gateway.routes.audited import record
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import Replayed, once
from services.gateway.routes.ports import Given, Ports
from services.gateway.routes.values import mail_address
from services.gateway.routes.waiting import until

SESSION_VERBS: Final = frozenset({"CONNECT", "EHLO", "STARTTLS", "AUTH"})
OUR_OWN_VERBS: Final = frozenset({"CLAIM", "COMPOSE"})
"""What ends here never reached the server."""


class EmailTest(Body, frozen=True, kw_only=True):
    """Which mail, and to whom; its facts are invented."""

    recipient: Annotated[str, Meta(max_length=254, examples=["camille.durand@agence.example"])]
    template_type: TemplateType

    checks: ClassVar[Mapping[str, Check]] = {"recipient": mail_address}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of the test went; null: not known."""

    success: bool | None
    message: str


class SendResult(Result, frozen=True, kw_only=True):
    """The verb of SMTP at which the last attempt ended, and the server's words."""

    state: str = "pending"
    verb: str | None = None
    code: int | None = None
    duration_ms: int | None = None


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, the connection to the server, and what it said to the mail."""

    smtp_config: Result
    connection: Result
    send_test: SendResult


class EmailTested(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server took the mail; `href` shows it, now and later."""

    success: bool
    message: str
    mail_id: UUID
    href: str
    results: Results


@post(
    "/test-email",
    tags=["Mails"],
    status_code=200,
    responses={202: ResponseSpec(EmailTested, description="Not known after 30 seconds")},
)
async def send_test_email(
    data: JSONBody[EmailTest], ports: Given, request: StrictRequest
) -> Response[EmailTested]:
    """Send one of the mails, its facts invented, to this recipient whatever its type.

    Waits up to 30 seconds for what the server says; 202 where nothing is known by then. A mail that
    the server refuses is no error of this request: `success` is false, and the server's words say why.
    """
    queued = await queue(data, ports, request)
    return queued if isinstance(queued, Replayed) else await _waited(data, ports, queued.content)


async def queue(data: EmailTest, ports: Ports, request: StrictRequest) -> Response[EmailTested]:
    """Ask for the mail; waits for nothing."""

    async def ask(connection: Connection, _: Emit) -> Response[EmailTested]:
        client_id = await mail_requests.whose(connection, data.recipient)
        mail_id = await mail_requests.request_test(
            connection, data.recipient, data.template_type, client_id
        )
        await record(connection, request, "mail.test", mail_id, template_type=data.template_type)
        note(request, "test_mail_requested", mail_id=str(mail_id), template_type=data.template_type)
        return Answer(await _told(connection, data, mail_id, None), status_code=202)

    # Nothing of what is kept to be said again names the recipient.
    return await once(request, ports, ask, kept=partial(_without_recipient, data))


def _without_recipient(data: EmailTest, answer: EmailTested) -> EmailTested:
    said = answer.message.replace(data.recipient, "the recipient")
    return msgspec.structs.replace(answer, message=said)


async def _waited(data: EmailTest, ports: Ports, queued: EmailTested) -> Response[EmailTested]:
    found = await until(ports, partial(mail_requests.outcome, mail_id=queued.mail_id))
    if found is None:
        return Answer(queued, status_code=202)
    async with ports.reading() as connection:
        return Answer(await _told(connection, data, queued.mail_id, found), status_code=200)


async def _told(
    connection: Connection, data: EmailTest, mail_id: UUID, outcome: Outcome | None
) -> EmailTested:
    config = await mail_requests.smtp_config(connection)
    return EmailTested(
        success=outcome is not None and outcome.state == "sent",
        message=_message(data, outcome),
        mail_id=mail_id,
        href=f"/admin/mails/{mail_id}",
        results=Results(
            smtp_config=_configured(config),
            connection=_connected(config, outcome),
            send_test=_sent(outcome),
        ),
    )


def _message(data: EmailTest, outcome: Outcome | None) -> str:
    name = f"{data.template_type.capitalize()} email"
    if outcome is None:
        return f"{name} to {data.recipient} is on its way"
    if outcome.state == "sent":
        return f"{name} sent to {data.recipient}"
    if outcome.state == "unknown":
        return f"{name} may have reached {data.recipient}: {_words(outcome)}"
    again = f"; tried again at {outcome.next_try_at:%H:%M} UTC" if outcome.next_try_at else ""
    return f"{name} not sent to {data.recipient}: {_words(outcome)}{again}"


def _words(outcome: Outcome) -> str:
    return " ".join(f"{outcome.verb or ''}: {outcome.code or ''} {outcome.reply or ''}".split())


def _configured(config: SmtpConfig | None) -> Result:
    if config is None:
        return Result(success=False, message="The notifier has not started yet")
    login = "with login" if config.with_login else "without login"
    server = f"{config.smtp_server}:{config.smtp_port} ({config.smtp_security}, {login})"
    return Result(success=True, message=f"{server}, from {config.email_sender}")


def _connected(config: SmtpConfig | None, outcome: Outcome | None) -> Result:
    if outcome is None or outcome.verb is None or outcome.verb in OUR_OWN_VERBS:
        return Result(success=None, message="Not tried")
    if outcome.verb in SESSION_VERBS:
        return Result(success=False, message=_words(outcome))
    where = f"{config.smtp_server}:{config.smtp_port}" if config else "the server"
    return Result(success=True, message=f"Connected to {where}")


def _sent(outcome: Outcome | None) -> SendResult:
    if outcome is None:
        return SendResult(success=None, message="Not known yet")
    return SendResult(
        success=None if outcome.state == "unknown" else outcome.state == "sent",
        message=_words(outcome),
        state=outcome.state,
        verb=outcome.verb,
        code=outcome.code,
        duration_ms=outcome.duration_ms,
    )
