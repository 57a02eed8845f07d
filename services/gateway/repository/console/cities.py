"""Communes as operators see them: what is known of each, what is in stock, who wants it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from libs.common.postgres import Connection

Tab = Literal["", "read", "chosen", "failed", "refused"]


class City(msgspec.Struct, frozen=True, kw_only=True):
    """A commune: where it is, whether its sales are known, since when."""

    insee_code: str
    name: str
    postal_codes: Sequence[str]
    department: str
    region: str
    population: int
    refusal: str | None
    expands_to: Sequence[str]
    house_price_avg: int | None
    apartment_price_avg: int | None
    last_scraped: datetime | None
    first_year: int | None
    failed_at: datetime | None
    error: str | None

    @property
    def state(self) -> str:
        """In one word."""
        if self.refusal:
            return "refused"
        if self.error:
            return "failed"
        return "covered" if self.last_scraped else "unread"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The newest file of a commune that is in stock."""

    source: str
    edition: str
    loaded_at: datetime | None


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of its cities besides, by their codes."""

    stock: Mapping[str, Mapping[str, int]]
    sources: Mapping[str, Source]
    clients: Mapping[str, int]


COLUMNS: Final = """insee_code, name, postal_codes, department, region, population, refusal, expands_to,
           house_price_avg, apartment_price_avg, last_scraped, first_year, failed_at, error"""

# `search` is empty where a commune has merged: nobody chooses it any more.
FOUND: Final = """search <> '' and ($1 = '' or strpos(search, $1) > 0)
        and ($2 = '' or starts_with(insee_code, $2))"""
ORDER: Final = "order by population desc, insee_code"
# First which, then what is known of them: an offset skips over codes alone.
SHOWN: Final = f"""{ORDER} limit $3 offset $4)
    select {COLUMNS} from page join scraper.city_overview using (insee_code) {ORDER}"""  # noqa: S608 - constants

ALL: Final = f"""
    with page as materialized (
      select insee_code from scraper.city_overview where {FOUND}
    {SHOWN}
"""  # noqa: S608 - constants
READ: Final = f"""
    with page as materialized (
      select insee_code from scraper.city_overview
      where {FOUND} and last_scraped is not null
    {SHOWN}
"""  # noqa: S608 - constants
FAILED: Final = f"""
    with page as materialized (
      select insee_code from scraper.city_overview
      where {FOUND} and error is not null
    {SHOWN}
"""  # noqa: S608 - constants
REFUSED: Final = f"""
    with page as materialized (
      select insee_code from scraper.city_overview
      where {FOUND} and refusal is not null
    {SHOWN}
"""  # noqa: S608 - constants
CHOSEN: Final = f"""
    with page as materialized (
      select insee_code from scraper.city_overview
      where {FOUND} and insee_code in (select unnest(chosen_cities) from client)
    {SHOWN}
"""  # noqa: S608 - constants
PAGES: Final[Mapping[Tab, str]] = {
    "": ALL,
    "read": READ,
    "chosen": CHOSEN,
    "failed": FAILED,
    "refused": REFUSED,
}

CITY: Final = f"select {COLUMNS} from scraper.city_overview where insee_code = $1"  # noqa: S608 - so are these

# Paris has the stock of its arrondissements. The window is that of a job of today.
STOCK: Final = """
    select city.insee_code, stock.kind, sum(stock.homes)::int as homes
    from unnest($1::text[], $2::text[]) as city(insee_code, code)
    join scraper.stock_of($2::text[],
           ((public.clock() at time zone 'Europe/Paris')::date - make_interval(years => $3::int))::date,
           ((public.clock() at time zone 'Europe/Paris')::date - make_interval(years => $4::int))::date
         ) as stock on stock.insee_code = city.code
    group by city.insee_code, stock.kind
"""

SOURCES: Final = """
    select distinct on (city.insee_code) city.insee_code, source, edition, loaded_at
    from unnest($1::text[], $2::text[]) as city(insee_code, code)
    join scraper.city_year_overview as year on year.insee_code = city.code
    where loaded_at is not null
    order by city.insee_code, loaded_at desc, year desc
"""

CLIENTS: Final = """
    select code, count(*)::int as clients
    from client cross join unnest(chosen_cities) as code
    where chosen_cities && $1::text[] and code = any($1::text[])
    group by code
"""


async def page(
    connection: Connection, folded: str, department: str, tab: Tab, *, limit: int, offset: int
) -> Sequence[City]:
    """Some of the communes, the largest first."""
    rows = await connection.fetch(PAGES[tab], folded, department, limit, offset)
    return [City(**row) for row in rows]


async def find(connection: Connection, insee_code: str) -> City | None:
    """A commune, or nothing for a code that nobody has."""
    row: Any = await connection.fetchrow(CITY, insee_code)
    return City(**row) if row else None


async def beside(
    connection: Connection, cities: Sequence[City], *, oldest_years: int, youngest_years: int
) -> Beside:
    """Stock, sources and clients of these communes."""
    pairs = [(city.insee_code, code) for city in cities for code in city.expands_to]
    both = [code for code, _ in pairs], [part for _, part in pairs]
    stock: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(STOCK, *both, oldest_years, youngest_years):
        stock.setdefault(row["insee_code"], {})[row["kind"]] = row["homes"]
    sources = await connection.fetch(SOURCES, *both)
    clients = await connection.fetch(CLIENTS, [city.insee_code for city in cities])
    return Beside(
        stock=stock,
        sources={
            row[0]: Source(source=row[1], edition=row[2], loaded_at=row[3]) for row in sources
        },
        clients={row["code"]: row["clients"] for row in clients},
    )
