"""The communes of France, as the publisher lists them today."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

STORE: Final = """
    insert into place (insee_code, city_id, name, postal_codes, department, region, population,
                       former_codes, search, expands_to, refusal, latitude, longitude)
    select insee_code, city_id, name, postal_codes, department, region, population, former_codes,
           search, expands_to, refusal, latitude, longitude
    from jsonb_to_recordset($1) as listed(
      insee_code text, city_id uuid, name text, postal_codes text[], department text, region text,
      population int, former_codes text[], search text, expands_to text[], refusal text,
      latitude float8, longitude float8)
    on conflict (insee_code)
    do update set name = excluded.name, postal_codes = excluded.postal_codes,
      department = excluded.department, region = excluded.region,
      population = excluded.population, former_codes = excluded.former_codes,
      search = excluded.search, expands_to = excluded.expands_to, refusal = excluded.refusal,
      latitude = excluded.latitude, longitude = excluded.longitude
    where (place.name, place.postal_codes, place.department, place.region, place.population,
           place.former_codes, place.search, place.expands_to, place.refusal,
           place.latitude, place.longitude)
      is distinct from
          (excluded.name, excluded.postal_codes, excluded.department, excluded.region,
           excluded.population, excluded.former_codes, excluded.search, excluded.expands_to,
           excluded.refusal,
           excluded.latitude, excluded.longitude)
"""

# A commune that has merged stays for those who chose it, and leads to the one it belongs to.
MOVE: Final = """
    update place set expands_to = array[moved.today], search = ''
    from unnest($1::text[], $2::text[]) as moved(former, today)
    where place.insee_code = moved.former
      and (place.expands_to, place.search) is distinct from (array[moved.today], '')
"""


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place as the table keeps it."""

    insee_code: str
    city_id: UUID
    name: str
    postal_codes: tuple[str, ...]
    department: str
    region: str
    population: int
    former_codes: tuple[str, ...]
    search: str
    expands_to: tuple[str, ...]
    refusal: str | None
    latitude: float | None
    longitude: float | None


async def store_places(
    connection: Connection, places: Sequence[PlaceRow], moved: Mapping[str, str]
) -> None:
    """Bring the table to this list; `moved` leads from former codes to today's."""
    async with connection.transaction():
        await connection.execute(STORE, places)
        await connection.execute(MOVE, list(moved), list(moved.values()))
