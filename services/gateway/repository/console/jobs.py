"""Jobs as the console lists them and tells one of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.domain.movements import Status
from services.gateway.repository.admin_jobs import JobLine, line

Kind = Literal["scheduled", "process", "add", "test"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
STATES: Final[tuple[Status, ...]] = ("processing", "pending", "failed", "completed")

MOST_COUNTED: Final = 10_000
"""Of more it is only said that there are more."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to list; what is unset does not matter."""

    status: Status | None = None
    kind: Kind | None = None
    client: UUID | None = None
    city: str | None = None
    since: date | None = None


class City(msgspec.Struct, frozen=True, kw_only=True):
    """Where homes are looked for."""

    insee_code: str
    name: str | None


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """What a job was asked for; nobody stands in the names once the client is erased."""

    job_id: UUID
    client_id: UUID
    kind: Kind
    status: Status
    count: int
    as_of: date
    run: int
    ladder: int
    properties_assigned: int | None
    error_message: str | None
    created_at: datetime
    moved_at: datetime
    kinds: Sequence[str]
    cities: Sequence[City]
    first_name: str | None
    last_name: str | None
    company_name: str | None
    month: date | None
    due_on: date | None
    late: bool | None
    """Of a delivery of a month."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail of a job."""

    mail_id: UUID
    kind: str
    state: str
    attempts: int
    next_try_at: datetime | None
    last_reply: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a job that a service has set aside."""

    service: str
    id: UUID
    topic: str
    state: str
    error: str


# Each by an index that holds little else, the completed ones by the first of a scan.
COUNTS: Final = """
    select
      (select count(*) from (
         select from job where status = 'processing' limit $1 + 1) as first) as processing,
      (select count(*) from (select from job where status = 'pending' limit $1 + 1) as first) as pending,
      (select count(*) from (
         select from job where status = 'completed' limit $1 + 1) as first) as completed,
      (select count(*) from (select from job where status = 'failed' limit $1 + 1) as first) as failed
"""

PAGE: Final = """
    select j.id as job_id, j.client_id, j.kind, j.status, j.properties_assigned,
           j.attempt as attempt_count, j.last_attempt_at as last_attempt,
           j.next_attempt_at as next_attempt, j.error_message, j.created_at, j.updated_at,
           c.first_name, c.last_name, c.email
    from (
      select * from job where true order by created_at desc, id limit $1 offset $2
    ) j
    left join client c on c.id = j.client_id
    order by j.created_at desc, j.id
"""

CONDITIONS: Final[Mapping[str, str]] = {
    "kind": "kind = ${}::text",
    "client": "client_id = ${}::uuid",
    "city": "${}::text = any(cities)",
    "since": "created_at >= ${}::date::timestamp at time zone 'Europe/Paris'",
}

WHOLE: Final = """
    select j.id as job_id, j.client_id, j.kind, j.status, j.count, j.as_of, j.run, j.ladder,
           j.properties_assigned, j.error_message, j.created_at, j.moved_at, j.kinds,
           (select jsonb_agg(jsonb_build_object('insee_code', city.insee_code, 'name', p.name)
                             order by city.place)
            from unnest(j.cities) with ordinality as city (insee_code, place)
            left join scraper.place_overview p using (insee_code)) as cities,
           c.first_name, c.last_name, c.company_name, d.month, d.due_on, d.late
    from job j
    left join client c on c.id = j.client_id
    left join monthly_delivery d on d.job_id = j.id
    where j.id = $1
"""

MAILS: Final = """
    select mail_id, kind, state, attempts, next_try_at, last_reply
    from notifier.mail_overview
    where subject_id = $1 and kind in ('notification', 'insufficient', 'error')
    order by created_at, mail_id
"""

# Every event of a job carries its id in a header, whose values are kept in base64.
LETTERS: Final = """
    with mark as (
      select jsonb_build_array(jsonb_build_array(
        'correlation_id', encode(convert_to($1::uuid::text, 'UTF8'), 'base64'))) as header
    )
    select service, id, topic, state, error
    from mark, (
      select 'gateway' as service, id, topic, state, error, headers, created_at from held
      union all select 'scraper', id, topic, state, error, headers, created_at from scraper.held
      union all select 'assigner', id, topic, state, error, headers, created_at from assigner.held
      union all select 'notifier', id, topic, state, error, headers, created_at from notifier.held
    ) as kept
    where state in ('dead', 'waiting') and headers @> mark.header
    order by created_at desc, id limit 20
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
        conditions.append(f"status = '{wanted.status}'")
    restricted = " and ".join(["where true", *conditions])
    return PAGE.replace("where true", restricted), list(asked.values())


async def whole(connection: Connection, job_id: UUID) -> Whole | None:
    """A job, if there is one of that id."""
    row = await connection.fetchrow(WHOLE, job_id)
    return msgspec.convert(dict(row), Whole) if row else None


async def mails(connection: Connection, job_id: UUID) -> Sequence[Mail]:
    """The mails of a job, the first asked for first."""
    return [Mail(**row) for row in await connection.fetch(MAILS, job_id)]


async def letters(connection: Connection, job_id: UUID) -> Sequence[Letter]:
    """Messages of a job that were set aside, and are not settled."""
    return [Letter(**row) for row in await connection.fetch(LETTERS, job_id)]
