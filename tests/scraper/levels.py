"""What the tests of price levels share: sales that are told, and the rule in plain Python."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from statistics import quantiles
from typing import Any, Final

from services.scraper.repository.prices import price
from tests.scraper.stage import NOON, Scraper

BOURG: Final = "01053"
TODAY: Final = NOON.date()
LEVELS: Final = "select * from price_level order by area, kind"
ADD: Final = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, superseded,
      address, postal_code, city_name, price_eur, surface_m2, land_m2, new_build, suspect, source,
      edition, file_sha256, line)
    select id, id, id::text, insee_code, sold_on, kind, true, postable, false, '', '', '',
           price_eur, surface_m2, land_m2, new_build, suspect, '', '', repeat('0', 64), 1
    from (select gen_random_uuid() as id, sale.*
          from jsonb_to_recordset($1) as sale (
            insee_code text, sold_on date, kind text, postable bool, price_eur numeric,
            surface_m2 numeric, land_m2 numeric, new_build bool, suspect bool)) as told
"""
Sale = dict[str, Any]


def sold(days_ago: int = 1, price_eur: int = 200_000, **changes: Any) -> Sale:
    fact = {
        "insee_code": BOURG, "sold_on": TODAY - timedelta(days=days_ago), "kind": "house",
        "postable": True, "price_eur": price_eur, "surface_m2": 100, "land_m2": None,
        "new_build": False, "suspect": False,
    }  # fmt: skip
    return fact | changes


async def levels(scraper: Scraper, sales: Iterable[Sale]) -> dict[tuple[str, str], Any]:
    """What is said when these are all that is in stock."""
    admin = await scraper.database.connect()
    await admin.execute("delete from scraper.property")
    await admin.execute("delete from scraper.price_level")
    await admin.execute(ADD, list(sales))
    codes = sorted({sale["insee_code"] for sale in sales})
    await admin.execute(
        "insert into scraper.city select unnest($1::text[]) on conflict do nothing", codes
    )
    await price(scraper.connection, "01", codes)
    return {(row["area"], row["kind"]): row for row in await scraper.connection.fetch(LEVELS)}


def numbers(row: Any) -> tuple[float, float, float, int, int]:
    """First quartile, median, third quartile, of how many sales, of how many months."""
    low, median, high = (row[f"{name}_per_m2_eur"] for name in ("low", "median", "high"))
    return float(low), float(median), float(high), row["comparables"], row["months"]


def months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def expected(prices: Iterable[tuple[date, float]], today: date) -> tuple[float, ...] | None:
    """The rule as it is written, for the sales of one kind in one area."""
    told = list(prices)
    for months in (24, 36, 60):
        recent = [eur for on, eur in told if on > months_before(today, months)]
        if len(recent) >= 5:
            cuts = quantiles(recent, n=4, method="inclusive")
            return *(round(cut, 2) for cut in cuts), len(recent), months
    return None
