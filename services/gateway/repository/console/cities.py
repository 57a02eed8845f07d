"""Communes as operators see them: what is known of each, what is in stock, who wants it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

Tab = Literal["", "read", "chosen", "failed", "refused"]
Step = Literal["month", "quarter", "year"]

RECENT: Final = 20
MOST_CLIENTS: Final = 50


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


class YearRead(msgspec.Struct, frozen=True, kw_only=True):
    """A year of a commune, as its publishers have it."""

    insee_code: str
    year: int
    state: str
    source: str
    edition: str
    lines: int
    loaded_at: datetime | None
    error: str | None


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh of a commune, or an import of a department."""

    id: UUID
    insee_code: str
    state: str
    done: int
    total: int
    error: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether there is something to wait for."""
        return self.state in {"queued", "running"}


class Chooser(msgspec.Struct, frozen=True, kw_only=True):
    """A client who wants homes of a commune."""

    id: UUID
    name: str
    status: str


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a square metre was sold for in a month, a quarter or a year."""

    starts_on: date
    kind: str
    sales: int
    median_per_m2_eur: int


COLUMNS: Final = """insee_code, name, postal_codes, department, region, population, refusal, expands_to,
           house_price_avg, apartment_price_avg, last_scraped, first_year, failed_at, error"""

# `search` is empty where a commune has merged: nobody chooses it any more.
PAGE: Final = f"""
    select {COLUMNS}
    from scraper.city_overview
    where search <> '' and ($1 = '' or strpos(search, $1) > 0)
      and ($2 = '' or starts_with(insee_code, $2))
      and case $3
            when 'read' then last_scraped is not null
            when 'failed' then error is not null
            when 'refused' then refusal is not null
            when 'chosen' then insee_code in (select unnest(chosen_cities) from client)
            else true end
    order by population desc, insee_code
    limit $4 offset $5
"""  # noqa: S608 - the columns are a constant

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

YEARS: Final = """
    select insee_code, year, state, source, edition, lines, loaded_at, error
    from scraper.city_year_overview
    where insee_code = any($1::text[])
    order by year desc, insee_code
"""

REFRESHES: Final = """
    select id, insee_code, state, done, total, error, created_at, updated_at
    from scraper.refresh_overview
    where insee_code = any($1::text[])
    order by created_at desc, id
    limit $2
"""

CHOOSERS: Final = """
    select id, coalesce(nullif(company_name, ''), first_name || ' ' || last_name) as name, status
    from client
    where $1 = any(chosen_cities)
    order by status, name, id
    limit $2
"""

PRICES: Final = """
    select starts_on, kind, sales, median_per_m2_eur
    from scraper.price_history
    where insee_code = $1 and step = $2
    order by starts_on, kind
"""


async def page(
    connection: Connection, folded: str, department: str, tab: Tab, *, limit: int, offset: int
) -> Sequence[City]:
    """Some of the communes, the largest first."""
    rows = await connection.fetch(PAGE, folded, department, tab, limit, offset)
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


async def years(connection: Connection, codes: Sequence[str]) -> Sequence[YearRead]:
    """What is known of each year, the newest first."""
    return [YearRead(**row) for row in await connection.fetch(YEARS, list(codes))]


async def refreshes(connection: Connection, codes: Sequence[str]) -> Sequence[Refreshed]:
    """The newest refreshes of these communes."""
    return [Refreshed(**row) for row in await connection.fetch(REFRESHES, list(codes), RECENT)]


async def choosers(connection: Connection, insee_code: str) -> Sequence[Chooser]:
    """Clients who want homes of this commune, some of them."""
    rows = await connection.fetch(CHOOSERS, insee_code, MOST_CLIENTS)
    return [Chooser(**row) for row in rows]


async def prices(connection: Connection, insee_code: str, step: Step) -> Sequence[Price]:
    """How prices went, as far as enough was sold, the oldest first."""
    return [Price(**row) for row in await connection.fetch(PRICES, insee_code, step)]
