"""A sale told again by another file: what is newer is right, what only the older knew is kept."""

from datetime import timedelta
from typing import Any

from services.scraper.domain import Source
from tests.scraper.loader.test_stock import SALE, candidates, first_read, read_again
from tests.scraper.sales.raw_dvf import raw_table
from tests.scraper.stage import Scraper, Shelf, flats


async def test_what_only_another_publisher_tells_of_a_sale_is_kept(scraper: Scraper, shelf: Shelf):
    """Raw files have no coordinates and here no postal code; else the newer file is right."""
    await first_read(scraper, SALE, shelf=shelf)
    [geo] = await candidates(scraper)

    shelf.put_bytes(2019, raw_table({**SALE, "code_postal": "", "nombre_pieces_principales": "3"}))
    scraper.ask(Source("raw-dvf", shelf.template))
    await scraper.database.advance(timedelta(days=91))
    await scraper.refreshed("01053")

    [kept] = await candidates(scraper)
    assert (kept["property_id"], kept["source"], kept["rooms"]) == (
        geo["property_id"],
        "raw-dvf",
        3,
    )
    assert (kept["latitude"], kept["longitude"], kept["postal_code"]) == (46.2, 5.2, "01000")


async def test_an_equal_row_of_another_edition_is_told_by_its_file(scraper: Scraper, shelf: Shelf):
    """Each keeps its id, its offer and the sales beside it; only its origin is another."""
    lines = flats("2019-05-02", 3)
    await first_read(scraper, *lines, shelf=shelf)
    before = await scraper.sales("01053")

    await read_again(scraper, *lines, {}, shelf=shelf)

    after = await scraper.sales("01053")
    assert {one["file_sha256"] for one in before} != {one["file_sha256"] for one in after}
    origin = {"file_sha256", "digest", "loaded_at", "line"}
    assert [facts(one, but=origin) for one in before] == [facts(one, but=origin) for one in after]


def facts(row: Any, but: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in but}
