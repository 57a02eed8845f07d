"""The mails as the console lists them: by state, kind, client, time and the recipient's domain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.mail_requests import TemplateType
from services.gateway.repository.mails import MailKind, MailLine

Tab = Literal["all", "unknown", "waiting", "failed", "suppressed", "sent"]

COUNTED: Final = 10_000
"""Further than this nobody counts: the console says "more than"."""


def _those(*conditions: str) -> str:
    each = (f"select * from notifier.mail_overview where {condition}" for condition in conditions)  # noqa: S608 - our own words
    return f"({' union all '.join(each)})"


SOURCES: Final[Mapping[Tab, str]] = {
    "all": "notifier.mail_overview",
    "unknown": _those("state = 'unknown'"),
    "waiting": _those("state = 'pending'", "state in ('claimed', 'handing_off')"),
    "failed": _those("state = 'failed'"),
    "suppressed": _those("state = 'suppressed'"),
    "sent": _those("state = 'sent'"),
}
"""States in words of SQL and not as parameters, each set as an index has it: few among many."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which mails; none of these fields restricts anything when it is empty."""

    tab: Tab = "all"
    kind: MailKind | None = None
    client_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    domain: str | None = None
    """Of the recipient, in lower case; known of mails that were written, for 90 days."""


class MailRow(MailLine, frozen=True, kw_only=True):
    """A mail in the list, and what is known of whom it is for."""

    client_name: str | None
    recipient: str | None
    subject: str | None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many mails are in each tab, counted to 10,001, and since when the oldest waits."""

    unknown: int
    waiting: int
    failed: int
    suppressed: int
    sent: int
    oldest_waiting_id: UUID | None
    oldest_waiting_at: datetime | None


_LINE: Final = """
    mail_id, kind, subject_id, period, client_id, job_id, state, version, attempts, next_try_at,
    last_reply, message_id, created_at, updated_at
"""

_COUNTED: Final = ", ".join(
    f"(select count(*) from (select from {source} as mails limit {COUNTED + 1}) as few) as {tab}"  # noqa: S608 - our own constants
    for tab, source in SOURCES.items()
    if tab != "all"
)

# `offset 0` keeps the planner from walking all mails by their age, the oldest first.
COUNTS: Final = f"""
    select {_COUNTED}, oldest.mail_id as oldest_waiting_id, oldest.created_at as oldest_waiting_at
    from (select) as here
    left join lateral (
      select mail_id, created_at from (
        select mail_id, created_at from {SOURCES["waiting"]} as mails offset 0) as waiting
      order by created_at limit 1
    ) as oldest on true
"""  # noqa: S608 - our own constants


CLIENT_NAME: Final = "select first_name || ' ' || last_name from client where id = $1"

TEMPLATES: Final[Mapping[MailKind, TemplateType]] = {
    "notification": "notification",
    "insufficient": "insufficient",
    "error": "error",
    "monthly": "monthly",
    "welcome": "welcome",
    "test": "config",
}
"""Of which a sample can be sent."""


async def counts(connection: Connection) -> Counts:
    """How many there are of each, cheaply."""
    row: Any = await connection.fetchrow(COUNTS)
    return Counts(**row)


async def client_name(connection: Connection, client_id: UUID) -> str | None:
    """What a client is called; nothing after an erasure."""
    found: str | None = await connection.fetchval(CLIENT_NAME, client_id)
    return found


async def page(
    connection: Connection, wanted: Wanted, *, limit: int, offset: int
) -> Sequence[MailRow]:
    """The mails that fit, the newest first."""
    statement, arguments = _asked(wanted)
    rows = await connection.fetch(statement, limit, offset, *arguments)
    return [MailRow(**row) for row in rows]


def _asked(wanted: Wanted) -> tuple[str, Sequence[Any]]:
    """The statement that has only the conditions asked for, so that each finds its index."""
    given = {
        "client_id =": wanted.client_id,
        "created_at >=": wanted.since,
        "created_at <": wanted.until,
        "domain =": wanted.domain,
    }
    asked = [(condition, value) for condition, value in given.items() if value is not None]
    conditions = ["true"]
    conditions += [f"kind = '{wanted.kind}'"] if wanted.kind else []
    conditions += [f"{condition} ${number}" for number, (condition, _) in enumerate(asked, 3)]
    source, placed_at = f"{SOURCES[wanted.tab]} as mails", "created_at"
    if wanted.domain is not None:
        source, placed_at = (
            f"{source} join notifier.mail_addressee using (mail_id)",
            "rendered_at",
        )
    page = f"""
      select {_LINE}, {placed_at} as placed_at from {source} where {" and ".join(conditions)}
      order by {placed_at} desc, mail_id limit $1 offset $2
    """  # noqa: S608 - our own words, and a kind that is one of six
    statement = f"""
      with page as ({page})
      select {_LINE}, recipient, subject, client.first_name || ' ' || client.last_name as client_name
      from page
      left join notifier.mail_addressee using (mail_id)
      left join (select id, first_name, last_name from client) as client on client.id = page.client_id
      order by page.placed_at desc, mail_id
    """  # noqa: S608 - our own words
    return statement, [value for _, value in asked]
