"""A commune in detail: its years, its refreshes, its clients, its prices."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

Step = Literal["month", "quarter", "year"]

RECENT: Final = 20
MOST_CLIENTS: Final = 20


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
