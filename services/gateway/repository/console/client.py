"""A client as the console shows it: what it asks for, what it has received, what went wrong."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.console.clients import ErasedClient

RECENT: Final = 12


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next for a client, and what stands against it."""

    next_on: date | None
    suppressed_at: datetime | None
    suppressed_for: str | None
    links_void_before: datetime | None
    jobs_open: int
    mails_in_doubt: int


class ChosenCity(msgspec.Struct, frozen=True, kw_only=True):
    """A city of a client, and what is known of it; a code that names no city has no name."""

    insee_code: str
    name: str | None
    postal_code: str | None
    covered: bool
    reason: str | None
    last_scraped: datetime | None
    house_price_avg: int | None
    apartment_price_avg: int | None


class DeliveryJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a client, and the month that it serves, if any."""

    id: UUID
    kind: str
    status: str
    requested: int
    found: int | None
    error_message: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    month: date | None
    due_on: date | None
    late: bool | None


class ClientMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to a client, or about one."""

    mail_id: UUID
    kind: str
    state: str
    job_id: UUID | None
    attempts: int
    next_try_at: datetime | None
    last_reply: str
    created_at: datetime
    updated_at: datetime


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """How many homes stand at a stage of the follow-up, and how many wait to be called back."""

    homes: int
    overdue: int


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator did to a client."""

    at: datetime
    actor: str
    action: str


# Due dates as `due_clients` gives them; who is not active has none.
STANDING: Final = """
    select (select first_delivery_on from client_contact where client_id = $1) as next_on,
           s.suppressed_at, s.reason as suppressed_for,
           (select void_before from page_token where client_id = $1) as links_void_before,
           (select count(*)::int from job
            where client_id = $1 and status in ('processing', 'pending')) as jobs_open,
           (select count(*)::int from notifier.mail_overview
            where client_id = $1 and state = 'unknown') as mails_in_doubt
    from (select $1::uuid as client_id) as this
    left join notifier.suppressed s on s.client_id = this.client_id
"""

CITIES: Final = """
    select chosen.code as insee_code, p.name, p.postal_code, coalesce(p.covered, false) as covered,
           p.reason, p.last_scraped, p.house_price_avg, p.apartment_price_avg
    from unnest($1::text[]) with ordinality as chosen (code, number)
    left join scraper.place_overview p on p.insee_code = chosen.code
    order by chosen.number
"""

JOBS: Final = """
    select j.id, j.kind, j.status, j.count as requested, j.properties_assigned as found,
           j.error_message, j.next_attempt_at, j.created_at, d.month, d.due_on, d.late
    from job j left join monthly_delivery d on d.job_id = j.id
    where j.client_id = $1
    order by j.created_at desc, j.id
    limit $2
"""

MAILS: Final = """
    select mail_id, kind, state, job_id, attempts, next_try_at, last_reply, created_at, updated_at
    from notifier.mail_overview
    where client_id = $1
    order by created_at desc, mail_id
    limit $2
"""

STAGES: Final = """
    select follow_status, count(*)::int as homes,
           (count(*) filter (where follow_up <= (public.clock() at time zone 'Europe/Paris')::date
                                   and follow_status <> 'sold'))::int as overdue
    from assigner.delivered d
    where client_id = $1
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    group by follow_status
"""

DEEDS: Final = "select at, actor, action from audit where target = $1 order by id desc limit $2"

ERASED: Final = """
    select id, assignments, jobs, deliveries, erased_at from erased_client where id = $1
"""


async def standing(connection: Connection, client_id: UUID) -> Standing:
    """What comes next for a client."""
    row: Any = await connection.fetchrow(STANDING, client_id)
    return Standing(**row)


async def cities(connection: Connection, insee_codes: Sequence[str]) -> Sequence[ChosenCity]:
    """These cities, in this order."""
    return [ChosenCity(**row) for row in await connection.fetch(CITIES, insee_codes)]


async def jobs(connection: Connection, client_id: UUID) -> Sequence[DeliveryJob]:
    """The newest jobs."""
    return [DeliveryJob(**row) for row in await connection.fetch(JOBS, client_id, RECENT)]


async def mails(connection: Connection, client_id: UUID) -> Sequence[ClientMail]:
    """The newest mails."""
    return [ClientMail(**row) for row in await connection.fetch(MAILS, client_id, RECENT)]


async def stages(connection: Connection, client_id: UUID) -> Mapping[str, Stage]:
    """Where the homes stand in the agent's follow-up."""
    rows = await connection.fetch(STAGES, client_id)
    return {row[0]: Stage(homes=row[1], overdue=row[2]) for row in rows}


async def deeds(connection: Connection, client_id: UUID) -> Sequence[Deed]:
    """What operators did last."""
    return [Deed(**row) for row in await connection.fetch(DEEDS, str(client_id), RECENT)]


async def erased(connection: Connection, client_id: UUID) -> ErasedClient | None:
    """What is left of a client who was erased."""
    row = await connection.fetchrow(ERASED, client_id)
    return ErasedClient(**row) if row else None
