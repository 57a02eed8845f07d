"""Where a client's homes are, and the outlines of its cities: what a map draws."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

MOST_PLACES: Final = 2000
MOST_OUTLINES: Final = 60


class MapPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A home that was delivered, and how the agent stands with it."""

    id: UUID
    latitude: float
    longitude: float
    label: str
    kind: str
    status: str


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A commune's border: closed rings of longitude and latitude."""

    insee_code: str
    name: str
    rings: Any


# The newest, in the order of the list.
PLACES: Final = """
    select address_id as id, latitude, longitude,
           coalesce(printed_address,
                    concat_ws(', ', address, nullif(concat_ws(' ', postal_code, city_name), '')))
             as label,
           kind, follow_status as status
    from assigner.delivered d
    where client_id = $1 and latitude is not null and longitude is not null
      and ($2::uuid[] is null or address_id = any($2::uuid[]))
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $3
"""

# Paris by its arrondissements; as one where none of them has an outline. What was delivered in
# cities that the client no longer wants has its outline too.
OUTLINES: Final = """
    with wanted as (
      select unnest(chosen_cities) as code from client where id = $1
      union
      select insee_code from assigner.delivered where client_id = $1
    ),
    part as (
      select wanted.code, unnest(city.expands_to) as insee_code
      from wanted join scraper.city_overview as city on city.insee_code = wanted.code
    ),
    code as (
      select insee_code from part
      union
      select code from part
      group by code
      having not bool_or(insee_code in (select insee_code from scraper.commune_outline))
    )
    select insee_code, name, rings
    from scraper.commune_outline join code using (insee_code)
    order by insee_code
    limit $2
"""


async def places(
    connection: Connection, client_id: UUID, among: Sequence[UUID] | None = None
) -> Sequence[MapPlace]:
    """The newest homes with a position that a client has received; of these ids, if some are given."""
    ids = None if among is None else list(among)
    rows = await connection.fetch(PLACES, client_id, ids, MOST_PLACES)
    return [MapPlace(**row) for row in rows]


async def outlines(connection: Connection, client_id: UUID) -> Sequence[Outline]:
    """The outlines of a client's cities, as far as they are known."""
    return [Outline(**row) for row in await connection.fetch(OUTLINES, client_id, MOST_OUTLINES)]
