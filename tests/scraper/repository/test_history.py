from services.scraper.repository import store_places
from tests.scraper.stage import Scraper, Shelf, flats, place

SHOWN = """
    select step, kind, starts_on::text, sales, median_per_m2_eur from price_history
    where insee_code = $1 order by step, starts_on
"""


async def test_prices_are_told_by_month_quarter_and_year(scraper: Scraper):
    await scraper.refreshed("01053")

    assert [tuple(row) for row in await scraper.connection.fetch(SHOWN, "01053")] == [
        ("month", "apartment", "2019-05-01", 30, 2000),
        ("quarter", "apartment", "2019-04-01", 30, 2000),
        ("year", "apartment", "2019-01-01", 30, 2000),
    ]


async def test_of_fewer_than_five_sales_nothing_is_said(scraper: Scraper, shelf: Shelf):
    shelf.put(2020, *flats("2020-02-02", 3), *flats("2020-06-02", 2, code_type_local="2"))
    shelf.put(
        2021, *flats("2021-02-02", 3), *flats("2021-03-02", 2, nombre_lots="1", lot1_numero="7")
    )
    await scraper.refreshed("01053")

    rows = [tuple(row)[:3] for row in await scraper.connection.fetch(SHOWN, "01053")]
    assert ("year", "apartment", "2021-01-01") in rows
    assert ("quarter", "apartment", "2021-01-01") in rows
    assert ("month", "apartment", "2021-02-01") not in rows
    assert ("quarter", "apartment", "2020-01-01") not in rows


async def test_paris_has_the_history_of_all_arrondissements(scraper: Scraper):
    parts = ("01053", "01451")
    await store_places(
        scraper.connection,
        [place("01900", "Grande", expands_to=parts), *(place(code) for code in parts)],
        {},
    )
    await scraper.refreshed(*parts)

    assert [row["sales"] for row in await scraper.connection.fetch(SHOWN, "01900")] == [60] * 3


async def test_what_a_new_file_no_longer_has_is_gone_from_the_history(scraper: Scraper, shelf):
    await scraper.refreshed("01053")
    shelf.put(2019, *flats("2019-05-02", 4))
    await scraper.value(
        "update city set last_scraped = last_scraped - interval '1 year' returning 1"
    )
    await scraper.refreshed("01053")

    assert not await scraper.connection.fetch(SHOWN, "01053")
