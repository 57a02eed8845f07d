"""What has been delivered to a client, with the facts as delivered and what the agent made of it.

Doors that must not be shown any more are left out everywhere.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from libs.common.postgres import Connection

CHUNK_ROWS: Final = 1000

FACTS: Final = """
    address_id, address as address_raw, printed_address, city_name, postal_code, insee_code,
    price_eur::float8 as price, surface_m2::float8 as surface, land_m2::float8 as land_surface, rooms,
    kind as property_type, sold_on as sale_date, latitude, longitude, position_source, position_score,
    estimate_eur, estimate_low_eur, estimate_high_eur, estimate_basis, estimate_comparables,
    follow_status, notes, contact_date, follow_up, sale_horizon,
    desired_price_eur::float8 as desired_price, followed_at, edition,
    (assigned_at at time zone 'Europe/Paris')::date as send_date
"""

DELIVERED: Final = f"""
    select {FACTS}
    from assigner.delivered d
    where client_id = $1 and ($2::text is null or follow_status = $2)
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $3 offset $4
"""  # noqa: S608 -- the columns are a constant of this module

COUNT: Final = """
    select count(*) from assigner.delivered d
    where client_id = $1 and ($2::text is null or follow_status = $2)
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
"""

FIND: Final = f"""
    select {FACTS}
    from assigner.delivered d
    where client_id = $1 and address_id = $2
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
"""  # noqa: S608 -- the columns are a constant of this module

FOLLOW_UP: Final = f"""
    select {FACTS}
    from assigner.follow_up($1, $2, $3) d
    where not exists (select from scraper.opposed o where o.home_key = d.home_key)
"""  # noqa: S608 -- the columns are a constant of this module

HISTORY: Final = """
    select status, notes, contact_date, follow_up, sale_horizon,
           desired_price_eur::float8 as desired_price, followed_at
    from assigner.followed where client_id = $1 and address_id = $2 order by id
"""

LOCALE: Final = "select locale from client where id = $1"


async def locale(connection: Connection, client_id: UUID) -> str | None:
    """The language of a client, or nothing if there is none with this id."""
    return cast("str | None", await connection.fetchval(LOCALE, client_id))


async def delivered(
    connection: Connection, client_id: UUID, *, status: str | None, limit: int, offset: int
) -> Sequence[Any]:
    """A page of the client's homes, the newest delivery first."""
    return await connection.fetch(DELIVERED, client_id, status, limit, offset)


async def all_delivered(
    connection: Connection, client_id: UUID, *, status: str | None, most: int
) -> AsyncGenerator[Sequence[Any]]:
    """The client's homes in chunks, the newest delivery first; within a transaction."""
    cursor = await connection.cursor(DELIVERED, client_id, status, most, 0)
    while rows := await cursor.fetch(CHUNK_ROWS):
        yield rows


async def count(connection: Connection, client_id: UUID, *, status: str | None) -> int:
    """How many homes the client has received, with this status if one is given."""
    return cast(int, await connection.fetchval(COUNT, client_id, status))


async def find(connection: Connection, client_id: UUID, address_id: UUID) -> Any | None:
    """One of the client's homes."""
    return await connection.fetchrow(FIND, client_id, address_id)


async def follow_up(
    connection: Connection, client_id: UUID, address_id: UUID, change: Mapping[str, Any]
) -> Any | None:
    """One of the client's homes after this change, kept to this transaction."""
    return await connection.fetchrow(FOLLOW_UP, client_id, address_id, dict(change))


async def history(connection: Connection, client_id: UUID, address_id: UUID) -> Sequence[Any]:
    """What the agent made of a home, each state as it was set, the oldest first."""
    return await connection.fetch(HISTORY, client_id, address_id)
