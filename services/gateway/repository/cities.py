"""Cities, as the scraper knows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class City(msgspec.Struct, frozen=True, kw_only=True):
    """A commune, with what is known of its sales."""

    city_id: UUID
    name: str
    postal_code: str
    postal_codes: Sequence[str]
    insee_code: str
    department: str
    region: str
    population: int
    house_price_avg: int | None
    apartment_price_avg: int | None
    last_scraped: datetime | None
    covered: bool


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether a city can be chosen."""

    insee_code: str
    city_id: UUID
    name: str
    covered: bool
    reason: str | None
    expands_to: Sequence[str]


# `search` is the folded name with the codes behind it; it is empty where a commune has merged.
SEARCH: Final = """
    select city_id, name, postal_code, postal_codes, insee_code, department, region, population,
           house_price_avg, apartment_price_avg, last_scraped, covered
    from scraper.place_overview
    where search <> '' and strpos(search, $1) > 0
    order by case
        when insee_code = upper($1) or $1 = any(postal_codes)
             or starts_with(search, $1)
                and regexp_replace(search, '( [0-9][0-9ab][0-9]{3})+$', '') = $1 then 0
        when starts_with(search, $1) or starts_with(insee_code, upper($1))
             or exists (select from unnest(postal_codes) as code where starts_with(code, $1)) then 1
        else 2
      end, population desc, insee_code
    limit $2
"""

NAMED: Final = """
    select insee_code, city_id, name, covered, reason, expands_to
    from scraper.place_overview
    where insee_code = any($1::text[]) or city_id = any($2::uuid[])
"""


ARE_KNOWN: Final = "select exists (select from scraper.place_overview)"


async def search(connection: Connection, folded: str, limit: int) -> list[City]:
    """The cities that best match a folded name, a postal code or an INSEE code."""
    return [City(**row) for row in await connection.fetch(SEARCH, folded, limit)]


async def named(
    connection: Connection, insee_codes: Sequence[str], city_ids: Sequence[UUID]
) -> list[Place]:
    """The places that these codes or ids name, in no order."""
    return [Place(**row) for row in await connection.fetch(NAMED, insee_codes, city_ids)]


async def are_known(connection: Connection) -> bool:
    """Whether the scraper has loaded its list of cities."""
    return bool(await connection.fetchval(ARE_KNOWN))
