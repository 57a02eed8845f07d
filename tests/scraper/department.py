"""A publisher of whole departments on this disk, and imports of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from services.scraper.domain import Source
from tests.scraper.stage import Scraper, Shelf, until

REQUEST = "select id, state from scraper.request_import($1, $2::int[])"
WAITING_FOR_A_LOCK = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)
SALES = "select property_id, xmin::text, * from property order by property_id"
SALES_OF_FILES = """
    select sale_key, home_key, insee_code, sold_on, address, price_eur, superseded, vanished_at
    from property order by sale_key
"""


def department(shelf: Shelf) -> Source:
    return Source("geo-dvf", f"file://{shelf.folder}/{{year}}/departements/{{department}}.csv")


def put(shelf: Shelf, year: int, *lines: dict[str, str]) -> None:
    """The department's file of a year, of all its communes together."""
    shelf.put(year, *lines)
    target = shelf.folder / str(year) / "departements" / "01.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    shelf.path(year).rename(target)


async def request(scraper: Scraper, *years: int, code: str = "01") -> Any:
    gateway = await scraper.database.connect("gateway")
    [row] = await gateway.fetch(REQUEST, code, list(years))
    return row["id"]


async def imported(scraper: Scraper, *years: int, code: str = "01") -> Any:
    await request(scraper, *years, code=code)
    await scraper.work()
    return await scraper.row("select * from refresh order by created_at desc limit 1")


@asynccontextmanager
async def nobody_writes(scraper: Scraper, table: str = "city") -> AsyncGenerator[None]:
    """Until the block ends whoever would write to the table waits: cities are written last."""
    admin = await scraper.database.connect()
    async with admin.transaction():
        await admin.execute(f"lock table scraper.{table} in exclusive mode")
        yield


async def waiting(scraper: Scraper, count: int = 1) -> None:
    """So many have come to what they must wait for."""
    await until(lambda: scraper.value(f"{WAITING_FOR_A_LOCK} having count(*) = {count}"))
