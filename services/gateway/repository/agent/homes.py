"""The homes that a client has received, as its page filters and sorts them.

Whoever lives there may have objected since: then nothing shows the door any more.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import date
from typing import Any, Final, Literal, cast, get_args
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.properties import CHUNK_ROWS, FACTS

Sort = Literal["delivered", "follow_up", "city", "price", "price_down", "sold"]
SORTS: Final[tuple[Sort, ...]] = get_args(Sort)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which homes, and in which order; the order here is that of the statement's arguments."""

    month: date | None = None
    status: str | None = None
    kind: str | None = None
    city: str | None = None
    """Its INSEE code."""
    words: str | None = None
    """Folded, somewhere in the address, the city or the notes."""
    is_due: bool = False
    """To be followed up today, or before."""
    sort: Sort = "delivered"


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """How many homes are alike in what a list is filtered by."""

    month: date
    status: str
    kind: str
    insee_code: str
    city_name: str
    homes: int
    due: int


# Counted by the month of their delivery, on the clock of Paris.
GROUPS: Final = """
    select date_trunc('month', assigned_at at time zone 'Europe/Paris')::date as month,
           follow_status as status, kind, insee_code, min(city_name) as city_name, count(*)::int as homes,
           (count(*) filter (where follow_up <= (public.clock() at time zone 'Europe/Paris')::date
                                   and follow_status <> 'sold'))::int as due
    from assigner.delivered d
    where client_id = $1
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    group by 1, 2, 3, 4
"""

HOMES: Final = f"""
    select {FACTS}, source, count(*) over () as total
    from assigner.delivered d
    where client_id = $1
      and ($2::date is null
           or assigned_at >= $2::timestamp at time zone 'Europe/Paris'
              and assigned_at < ($2::timestamp + interval '1 month') at time zone 'Europe/Paris')
      and ($3::text is null or follow_status = $3)
      and ($4::text is null or kind = $4)
      and ($5::text is null or insee_code = $5)
      and ($6::text is null or strpos(regexp_replace(folded(
             concat_ws(' ', printed_address, address, postal_code, city_name, notes)),
             '[^a-z0-9]+', ' ', 'g'), $6) > 0)
      and (not $7::boolean
           or follow_up <= (public.clock() at time zone 'Europe/Paris')::date
              and follow_status <> 'sold')
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by case when $8::text = 'follow_up' then follow_up end,
             case when $8 = 'city' then city_name end,
             case when $8 = 'price' then price_eur when $8 = 'price_down' then -price_eur end,
             case when $8 = 'sold' then sold_on end,
             max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $9 offset $10
"""  # noqa: S608 -- the columns are a constant

HOME: Final = f"""
    select {FACTS}, source
    from assigner.delivered d
    where client_id = $1 and address_id = $2
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
"""  # noqa: S608 -- the columns are a constant


async def groups(connection: Connection, client_id: UUID) -> list[Group]:
    """All homes of the client, by what its list is filtered by."""
    return [Group(**row) for row in await connection.fetch(GROUPS, client_id)]


async def wanted_homes(
    connection: Connection, client_id: UUID, wanted: Wanted, *, limit: int, offset: int
) -> tuple[Sequence[Any], int]:
    """Some of the homes, and how many there are in all unless the offset lies behind them."""
    given = msgspec.structs.astuple(wanted)
    rows = await connection.fetch(HOMES, client_id, *given, limit, offset)
    return rows, rows[0]["total"] if rows else 0


async def all_homes(
    connection: Connection, client_id: UUID, wanted: Wanted, *, most: int
) -> AsyncGenerator[Sequence[Any]]:
    """The homes in chunks; within a transaction."""
    given = msgspec.structs.astuple(wanted)
    cursor = await connection.cursor(HOMES, client_id, *given, most, 0)
    while rows := await cursor.fetch(CHUNK_ROWS):
        yield rows


async def home(connection: Connection, client_id: UUID, address_id: UUID) -> Any | None:
    """One of the client's homes; nothing where another has received it."""
    return cast("Any | None", await connection.fetchrow(HOME, client_id, address_id))
