"""Mails as operators see and settle them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from libs.telemetry import traces

MailKind = Literal["notification", "insufficient", "error", "monthly", "welcome", "test"]
MailState = Literal["pending", "claimed", "handing_off", "sent", "failed", "unknown", "suppressed"]


class MailLine(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it stands; `last_reply` is the server's own words, or ours."""

    mail_id: UUID
    kind: MailKind
    subject_id: UUID
    """What it is about: a job, a client, or for a test mail itself."""
    period: str
    client_id: UUID | None
    job_id: UUID | None
    state: MailState
    version: int
    attempts: int
    next_try_at: datetime | None
    last_reply: str
    message_id: str
    created_at: datetime
    updated_at: datetime


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: the verb at which it ended, and what was said to it."""

    number: int
    verb: str
    code: int | None
    reply: str
    duration_ms: int
    outcome: str
    tried_at: datetime
    trace_id: str


class MailDetail(MailLine, frozen=True, kw_only=True):
    """A mail with its parts as they were handed over (kept 90 days) and all attempts at it."""

    recipient: str | None
    subject: str | None
    headers: Mapping[str, str] | None
    text_body: str | None
    html_body: str | None
    rendered_at: datetime | None
    tries: Sequence[Try]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the wish to settle a mail, and how it stands."""

    result: Literal["done", "missing", "settled", "blanked"]
    state: str | None


_LINE: Final = """
    mail_id, kind, subject_id, period, client_id, job_id, state, version, attempts, next_try_at,
    last_reply, message_id, created_at, updated_at
"""

PAGE: Final = f"""
    select {_LINE} from notifier.mail_overview
    where ($1::text is null or state = $1) and ($2::text is null or kind = $2)
      and ($3::uuid is null or client_id = $3)
    order by created_at desc, mail_id
    limit $4 offset $5
"""  # noqa: S608 - our own constants

FIND: Final = f"select {_LINE} from notifier.mail_overview where mail_id = $1"  # noqa: S608 - our own constants

DETAIL: Final = "select * from notifier.mail_detail where mail_id = $1"

# An erasure of that client waits for this transaction, and then forgets what it answered.
HOLD_CLIENT: Final = """
    select from client
    where id = (select client_id from notifier.mail_overview where mail_id = $1) for key share
"""

RESOLVE: Final = "select result, state from notifier.resolve($1, $2, $3)"


async def page(
    connection: Connection,
    *,
    state: str | None,
    kind: str | None,
    client_id: UUID | None,
    limit: int,
    offset: int,
) -> list[MailLine]:
    """The mails that fit, the newest first."""
    rows = await connection.fetch(PAGE, state, kind, client_id, limit, offset)
    return [MailLine(**row) for row in rows]


async def find(connection: Connection, mail_id: UUID) -> MailLine | None:
    """A mail as it stands."""
    row = await connection.fetchrow(FIND, mail_id)
    return MailLine(**row) if row else None


async def detail(connection: Connection, mail_id: UUID) -> MailDetail | None:
    """A mail with its parts and attempts."""
    row: Any = await connection.fetchrow(DETAIL, mail_id)
    return msgspec.convert(dict(row), MailDetail) if row else None


async def resolve(connection: Connection, mail_id: UUID, verdict: str) -> Settled:
    """Settle a mail in doubt as sent, or have it sent again."""
    await connection.execute(HOLD_CLIENT, mail_id)
    row = await connection.fetchrow(RESOLVE, mail_id, verdict, traces.bound() or None)
    return msgspec.convert(dict(row or {}), Settled)
