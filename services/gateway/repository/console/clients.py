"""The clients as the console lists them: found by a word, with what happened last and what comes."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

Tab = Literal["active", "pending", "inactive", "test", "unsubscribed"]

HEXADECIMAL: Final = re.compile(r"[0-9a-f]{4,32}")
MOST_COUNTED: Final = 10_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which clients to show.

    Every word of `words` stands in a name or the mail address, or `place` begins a word of one of the
    cities, or the id lies between the two `ids`.
    """

    tab: Tab | None
    send_day: int | None
    words: Sequence[str]
    place: str
    ids: tuple[UUID, UUID] | None


class ListedClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client in the list of the console."""

    id: UUID
    status: str
    first_name: str
    last_name: str
    company_name: str | None
    email: str
    send_day: int
    addresses_per_report: int
    cities: int
    city_names: Sequence[str]
    """The first three."""
    uncovered: int
    next_on: date | None
    delivered_at: datetime | None
    delivered: int | None
    unsubscribed: bool
    mails_in_doubt: int
    job_id: UUID | None
    """The newest."""
    job_status: str | None
    job_error: str | None
    job_next_at: datetime | None
    found: int | None
    requested: int | None

    @property
    def troubles(self) -> list[str]:
        """What is wrong, the worst first."""
        short = self.job_status == "completed" and (self.found or 0) < (self.requested or 0)
        wrong = {
            "failed": self.job_status == "failed",
            "doubt": self.mails_in_doubt > 0,
            "waiting": self.job_status == "pending",
            "uncovered": self.uncovered > 0,
            "short": short,
            "unsubscribed": self.unsubscribed,
        }
        return [name for name, is_so in wrong.items() if is_so]


class ErasedClient(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a client who was erased."""

    id: UUID
    assignments: int
    jobs: int
    deliveries: int
    erased_at: datetime


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many clients each tab shows, at most 10,001: as many as a person can use."""

    active: int
    pending: int
    inactive: int
    test: int
    unsubscribed: int
    erased: int


# Of the details only what the page shows is looked up, by an index each.
PAGE: Final = """
    with asked as materialized (
      select array(select '%' || folded(word) || '%' from unnest($3::text[]) as word) as words
    ), choosers as (
      select o.id from client o cross join unnest(o.chosen_cities) as code
      join scraper.place_overview place on place.insee_code = code
      where $4 <> '' and strpos(' ' || place.search, ' ' || $4) > 0
    ), shown as materialized (
      select c.*
      from asked, client c
      where ($1::text is null or c.status = $1
             or $1 = 'unsubscribed' and exists (select from notifier.suppressed s where s.client_id = c.id))
        and ($2::int is null or c.send_day = $2)
        and (cardinality($3) = 0 or c.search like all (asked.words) or c.id between $5 and $6
             or c.id in (select id from choosers))
      order by c.created_at desc, c.id desc
      limit $7 offset $8
    )
    select c.id, c.status, c.first_name, c.last_name, c.company_name, c.email, c.send_day,
           c.addresses_per_report, cardinality(c.chosen_cities) as cities,
           array(select coalesce(place.name, chosen.code)
                 from unnest(c.chosen_cities[1:3]) with ordinality as chosen (code, number)
                 left join scraper.place_overview place on place.insee_code = chosen.code
                 order by chosen.number) as city_names,
           (select count(*)::int from scraper.place_overview place
            where place.insee_code = any (c.chosen_cities) and not place.covered) as uncovered,
           (select first_delivery_on from client_contact k where k.client_id = c.id) as next_on,
           newest.assigned_at as delivered_at,
           (select count(*)::int from assigner.delivered d where d.job_id = newest.job_id) as delivered,
           exists (select from notifier.suppressed s where s.client_id = c.id) as unsubscribed,
           (select count(*)::int from notifier.mail_overview m
            where m.client_id = c.id and m.state = 'unknown') as mails_in_doubt,
           job.id as job_id, job.status as job_status, job.error_message as job_error,
           job.next_attempt_at as job_next_at, job.properties_assigned as found,
           job.count as requested
    from shown c
    left join lateral (
      select d.job_id, d.assigned_at from assigner.delivered d where d.client_id = c.id
      order by d.assigned_at desc limit 1) newest on true
    left join lateral (
      select * from job j where j.client_id = c.id order by j.created_at desc, j.id limit 1) job on true
    order by c.created_at desc, c.id desc
"""

ERASED: Final = """
    select id, assignments, jobs, deliveries, erased_at from erased_client
    where $1::uuid is null or id between $1 and $2
    order by erased_at desc, id limit $3 offset $4
"""

COUNTS: Final = """
    select (select count(*) from (select from client where status = 'active' limit $1) as c) as active,
           (select count(*) from (select from client where status = 'pending' limit $1) as c) as pending,
           (select count(*) from (select from client where status = 'inactive' limit $1) as c) as inactive,
           (select count(*) from (select from client where status = 'test' limit $1) as c) as test,
           (select count(*) from (select from notifier.suppressed limit $1) as c) as unsubscribed,
           (select count(*) from (select from erased_client limit $1) as c) as erased
"""


async def page(
    connection: Connection, wanted: Wanted, *, limit: int, offset: int
) -> Sequence[ListedClient]:
    """Some of the clients, the last registered first."""
    low, high = wanted.ids or (None, None)
    asked = (wanted.tab, wanted.send_day, _literal(wanted.words), wanted.place, low, high)
    rows: Sequence[Any] = await connection.fetch(PAGE, *asked, limit, offset)
    return [ListedClient(**row) for row in rows]


async def erased(
    connection: Connection, ids: tuple[UUID, UUID] | None, *, limit: int, offset: int
) -> Sequence[ErasedClient]:
    """Some of those who were erased, the last first."""
    rows = await connection.fetch(ERASED, *(ids or (None, None)), limit, offset)
    return [ErasedClient(**row) for row in rows]


async def counts(connection: Connection) -> Counts:
    """How many there are of each."""
    return Counts(**(await connection.fetchrow(COUNTS, MOST_COUNTED + 1) or {}))


def ids_beginning(prefix: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin so; none for what begins no id."""
    digits = prefix.strip().lower().replace("-", "")
    if not HEXADECIMAL.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _literal(words: Sequence[str]) -> list[str]:
    """Words in which no sign stands for others."""
    return [re.sub(r"([\\%_])", r"\\\1", word) for word in words]
