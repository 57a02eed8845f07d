"""Mails that the notifier is asked for by hand: tests, and previews that are sent to nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, cast
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from libs.telemetry import traces

TemplateType = Literal["config", "welcome", "notification", "monthly", "insufficient", "error"]


class SmtpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How the notifier sends, without secrets."""

    smtp_server: str
    smtp_port: int
    smtp_security: str
    with_login: bool
    email_sender: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a test mail stands, and what its last attempt met."""

    state: str
    attempts: int
    next_try_at: datetime | None
    verb: str | None
    code: int | None
    reply: str | None
    duration_ms: int | None

    @property
    def is_known(self) -> bool:
        """Whether there is something to tell: it is settled, or has been tried."""
        return self.attempts > 0 or self.state in {"sent", "failed", "unknown", "suppressed"}


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it would be."""

    kind: TemplateType
    client_id: UUID | None
    sample: bool
    """Whether it tells invented facts, where there are none yet."""
    recipient: str
    subject: str
    headers: Mapping[str, str]
    text_body: str
    html_body: str


class Failed(msgspec.Struct, frozen=True):
    """Why a preview could not be written."""

    error: str


# An erasure of that client waits for this transaction, and then blanks what it asked for.
WHOSE: Final = "select id from client where lower(email) = lower($1) for key share"

REQUEST_TEST: Final = "select notifier.request_test_mail($1, $2, $3, $4)"

OUTCOME: Final = """
    select state, attempts, next_try_at, tries -> -1 ->> 'verb' as verb,
           (tries -> -1 ->> 'code')::int as code, tries -> -1 ->> 'reply' as reply,
           (tries -> -1 ->> 'duration_ms')::int as duration_ms
    from notifier.mail_detail where mail_id = $1
"""

SMTP_CONFIG: Final = """
    select smtp_server, smtp_port, smtp_security, with_login, email_sender from notifier.smtp_config
"""

REQUEST_PREVIEW: Final = "select notifier.request_preview($1, $2, $3)"

PREVIEW: Final = """
    select kind, client_id, sample, recipient, subject, headers, text_body, html_body, state, error
    from notifier.mail_preview where preview_id = $1 and state <> 'asked'
"""


async def whose(connection: Connection, recipient: str) -> UUID | None:
    """The client whose mail address it is, kept while this transaction lasts."""
    return cast(UUID | None, await connection.fetchval(WHOSE, recipient))


async def request_test(
    connection: Connection, recipient: str, template_type: str, client_id: UUID | None
) -> UUID:
    """Have a sample of a mail sent; the id of that mail."""
    found = await connection.fetchval(
        REQUEST_TEST, recipient, template_type, client_id, traces.bound() or None
    )
    return cast(UUID, found)


async def outcome(connection: Connection, mail_id: UUID) -> Outcome | None:
    """What became of a test mail, once there is something to tell."""
    row = await connection.fetchrow(OUTCOME, mail_id)
    found = Outcome(**row) if row else None
    return found if found and found.is_known else None


async def smtp_config(connection: Connection) -> SmtpConfig | None:
    """How the notifier sends; nothing before it has started for the first time."""
    row = await connection.fetchrow(SMTP_CONFIG)
    return SmtpConfig(**row) if row else None


async def request_preview(
    connection: Connection, kind: str, client_id: UUID | None, locale: str | None
) -> UUID:
    """Have a mail written as it would be; the id of the preview."""
    return cast(UUID, await connection.fetchval(REQUEST_PREVIEW, kind, client_id, locale))


async def preview(connection: Connection, preview_id: UUID) -> Preview | Failed | None:
    """The mail as it would be, once it is written."""
    row: Any = await connection.fetchrow(PREVIEW, preview_id)
    if row is None:
        return None
    if row["state"] == "failed":
        return Failed(row["error"])
    told = {name: row[name] for name in Preview.__struct_fields__}
    return msgspec.convert(told, Preview)
