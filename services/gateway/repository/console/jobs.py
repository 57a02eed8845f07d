"""Jobs as the console lists them and tells one of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.domain.movements import Status
from services.gateway.repository.admin_jobs import JobLine, line

Kind = Literal["scheduled", "process", "add", "test"]

MOST_COUNTED: Final = 10_000
"""Of more it is only said that there are more."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to list; what is unset does not matter."""

    status: Status | None = None
    kind: Kind | None = None
    client: UUID | None = None
    city: str | None = None
    since: date | None = None


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail of a job."""

    mail_id: UUID
    kind: str
    state: str
    attempts: int
    next_try_at: Any
    last_reply: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a job that a service has set aside."""

    service: str
    id: UUID
    topic: str
    state: str
    reason: str


# Each by an index that holds little else, the completed ones by the first of a scan.
COUNTS: Final = """
    select
      (select count(*) from (
         select from job where status = 'processing' limit $1 + 1) as some) as processing,
      (select count(*) from (select from job where status = 'pending' limit $1 + 1) as some) as pending,
      (select count(*) from (
         select from job where status = 'completed' limit $1 + 1) as some) as completed,
      (select count(*) from (select from job where status = 'failed' limit $1 + 1) as some) as failed
"""

_PAGE: Final = """
    select j.id as job_id, j.client_id, j.kind, j.status, j.properties_assigned,
           j.attempt as attempt_count, j.last_attempt_at as last_attempt,
           j.next_attempt_at as next_attempt, j.error_message, j.created_at, j.updated_at,
           c.first_name, c.last_name, c.email
    from job j left join client c on c.id = j.client_id
    where {conditions}
    order by j.created_at desc, j.id
    limit $1 offset $2
"""

CONDITIONS: Final[Mapping[str, str]] = {
    "kind": "j.kind = ${}::text",
    "client": "j.client_id = ${}::uuid",
    "city": "${}::text = any(j.cities)",
    "since": "j.created_at >= ${}::date::timestamp at time zone 'Europe/Paris'",
}

MAILS: Final = """
    select mail_id, kind, state, attempts, next_try_at, last_reply
    from notifier.mail_overview
    where subject_id = $1 and kind in ('notification', 'insufficient', 'error')
    order by created_at, mail_id
"""


async def counts(connection: Connection) -> Mapping[Status, int]:
    """How many jobs are in each state; of more than `MOST_COUNTED` one more than that."""
    (row,) = await connection.fetch(COUNTS, MOST_COUNTED)
    return dict(row)


async def page(
    connection: Connection, wanted: Wanted, *, limit: int, offset: int
) -> Sequence[JobLine]:
    """Some of the jobs wanted, the newest first."""
    statement, arguments = _statement(wanted)
    rows = await connection.fetch(statement, limit, offset, *arguments)
    return [line(dict(row)) for row in rows]


def _statement(wanted: Wanted) -> tuple[str, Sequence[object]]:
    """The conditions that are asked for and no others: each has the index that serves it."""
    asked = {name: value for name in CONDITIONS if (value := getattr(wanted, name)) is not None}
    conditions = [CONDITIONS[name].format(number) for number, name in enumerate(asked, 3)]
    if wanted.status:  # one of ours, and in words: then the index of that state serves
        conditions.append(f"j.status = '{wanted.status}'")
    return _PAGE.format(conditions=" and ".join(conditions) or "true"), list(asked.values())
