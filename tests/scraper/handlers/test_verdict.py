"""What is known of a year: read, no sale, not covered, or failed."""

import shutil
from datetime import timedelta

from deploy.simulator.server import Publisher
from libs.common.events import PropertiesReady
from services.scraper.domain import Source
from tests.scraper.stage import GEO_DVF, Scraper, Shelf, flats

FLATS = flats("2019-05-02")


def downloads(rows):
    return [(row["year"], row["state"]) for row in rows]


async def all_downloads(scraper: Scraper, year: int):
    return await scraper.connection.fetch(
        "select * from download where year = $1 order by fetched_at, id", year
    )


async def test_a_missing_file_is_no_sale_where_the_source_has_the_year(
    scraper: Scraper, publisher: Publisher
):
    """01426 has no file for 2022; the year's folder answers."""
    scraper.ask(publisher.url + GEO_DVF)

    _, ready = await scraper.refreshed("01426")

    states = dict(await scraper.connection.fetch("select year, state from city_year"))
    assert states[2021] == "read"
    assert states[2022] == "no_sale"
    assert states[2026] == "not_covered"
    assert ready.notes == ("No source has 2026 for 01426.",)
    assert await scraper.value("select last_scraped is not null from city")


async def test_another_commune_of_the_department_tells_that_a_source_has_the_year(
    scraper: Scraper, shelf: Shelf
):
    flat_files = f"file://{shelf.folder}/{{insee}}-{{year}}.csv"
    (shelf.folder / "01999-2019.csv").write_text("")
    scraper.ask(flat_files)

    await scraper.refreshed("01053")

    states = dict(await scraper.connection.fetch("select year, state from city_year"))
    assert states[2019] == "no_sale"
    assert states[2020] == "not_covered"


async def test_a_header_alone_is_no_sale_in_a_small_place(scraper: Scraper, shelf: Shelf):
    shelf.put(2019)
    scraper.ask(shelf.template)

    _, ready = await scraper.refreshed("01053")

    assert isinstance(ready, PropertiesReady)
    assert await scraper.value("select state from city_year where year = 2019") == "no_sale"


async def test_a_hollow_year_is_an_error_by_name(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/hollow{GEO_DVF}")

    progress, ready = await scraper.refreshed("01053")

    assert progress.note.startswith("01053: 2019: hollow_year: ")
    assert isinstance(ready, PropertiesReady)  # the other years hold enough
    assert await scraper.value("select last_scraped from city") is None
    assert await scraper.value("select count(*) from property where sold_on < '2020-1-1'") == (
        await scraper.value("select count(*) from property where sold_on < '2019-1-1'")
    )


async def test_a_hollow_year_is_taken_from_the_next_source(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/hollow{GEO_DVF}", publisher.url + GEO_DVF)

    await scraper.refreshed("01053")

    assert downloads(await all_downloads(scraper, 2019)) == [(2019, "hollow"), (2019, "loaded")]
    assert downloads(await all_downloads(scraper, 2020)) == [(2020, "loaded")]
    assert await scraper.value("select last_scraped is not null from city")


async def test_a_source_is_asked_for_its_own_years_only(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    shelf.put(2020, *flats("2020-05-02"))
    scraper.ask(Source("geo-dvf", shelf.template, 2018, 2019))

    _, ready = await scraper.refreshed("01053")

    assert "No source has 2020 for 01053." in ready.notes
    assert await scraper.value("select max(sold_on) < '2020-1-1' from property")


async def test_a_year_that_its_source_has_dropped_stays_in_stock(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    scraper.ask(shelf.template)
    await scraper.refreshed("01053")

    shutil.rmtree(shelf.folder / "2019")
    await scraper.database.advance(timedelta(days=91))
    _, ready = await scraper.refreshed("01053")

    assert "No source has 2019 for 01053." not in ready.notes
    assert await scraper.value("select state from city_year where year = 2019") == "read"
    assert await scraper.value("select count(*) from candidate") == 30
