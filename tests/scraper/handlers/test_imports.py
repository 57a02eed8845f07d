"""A department is read as a whole, by the queue and the workers that read its cities."""

from collections.abc import Sequence

import httpx

from deploy.simulator.server import Publisher
from services.scraper.places import former_codes, load_places
from services.scraper.repository import PlaceRow, store_places
from tests.scraper.department import SALES, SALES_OF_FILES, imported
from tests.scraper.stage import Scraper, Shelf, asking


async def test_every_commune_of_the_department_counts_as_read(ain: Scraper):
    row = await imported(ain)

    assert (row["insee_code"], row["state"], row["error"]) == ("01", "done", None)
    cities = await ain.connection.fetch("select * from city order by insee_code")
    assert [city["insee_code"] for city in cities] == ["01004", "01053", "01426", "01451"]
    assert {(city["first_year"], city["last_scraped"] is None) for city in cities} == {
        (2018, False)
    }


async def test_a_year_knows_its_lines_and_its_file(ain: Scraper):
    await imported(ain)

    rows = await ain.connection.fetch(
        "select insee_code, state, lines from city_year where year = 2019 order by insee_code"
    )
    assert [tuple(row) for row in rows] == [
        ("01004", "no_sale", 0),
        ("01053", "read", 3),
        ("01426", "read", 1),
        ("01451", "read", 2),
    ]
    assert await ain.value("select count(distinct file_sha256) from city_year") == 2
    missing = "select count(*) from city_year where year = 2020 and state = 'not_covered'"
    assert await ain.value(missing) == 4


async def test_its_sales_are_those_of_its_communes(ain: Scraper):
    """A merged commune's under today's code; a home sold again is on offer once, its last time."""
    await imported(ain)

    rows = await ain.connection.fetch(
        "select insee_code, address, sold_on from candidate order by insee_code, sold_on, address"
    )
    assert [(row["insee_code"], row["address"][:1], row["sold_on"].year) for row in rows] == [
        ("01053", "2", 2019),
        ("01053", "3", 2019),
        ("01053", "1", 2023),
        ("01426", "9", 2023),
        ("01451", "1", 2023),
        ("01451", "2", 2023),
    ]
    assert await ain.value("select count(*) from property") == 10


async def test_a_job_for_one_of_its_cities_waits_for_nothing_more(ain: Scraper):
    await imported(ain)

    await ain.connection.execute("update city set last_scraped = last_scraped - interval '1 hour'")
    [ready] = await ain.process(asking("01053"))

    assert type(ready).__name__ == "PropertiesReady"


async def test_progress_counts_files_read_and_years_loaded(ain: Scraper):
    admin = await ain.database.connect()
    await admin.execute(
        """create table scraper.seen (done int, total int, at serial);
           create function scraper.see() returns trigger language plpgsql security definer as
             $$begin insert into scraper.seen values (new.done, new.total); return null; end$$;
           create trigger see after update on scraper.refresh for each row
             execute function scraper.see()"""
    )

    await imported(ain)

    seen = [
        tuple(row) for row in await admin.fetch("select done, total from scraper.seen order by at")
    ]
    files, years = [(1, 18), (2, 18)], [(10, 18), (11, 18), (18, 18)]
    assert [one for one in dict.fromkeys(seen) if one in {*files, *years}] == [*files, *years]


async def test_a_second_import_changes_nothing(ain: Scraper):
    await imported(ain)
    before = await ain.connection.fetch(SALES)

    row = await imported(ain)
    known = await ain.connection.fetch(SALES)
    await ain.connection.execute("update city_year set file_sha256 = repeat('0', 64)")
    await imported(ain)
    read_again = await ain.connection.fetch(SALES)

    assert row["state"] == "done"
    assert before == known == read_again
    states = "select array_agg(state order by fetched_at) from download where sha256 is not null"
    assert await ain.value(states) == [*["loaded"] * 2, *["unchanged"] * 2, *["loaded"] * 2]


async def test_a_year_that_failed_is_named_and_the_others_are_in(ain: Scraper, shelf: Shelf):
    (shelf.folder / "2023" / "departements" / "01.csv").write_text("<html>")

    row = await imported(ain)

    assert row["state"] == "failed"
    assert row["error"].startswith("2023: html: ")
    assert await ain.value("select count(*) from candidate") == 6
    assert await ain.value("select count(*) from city where last_scraped is not null") == 0
    assert await ain.value("select count(*) from city where failed_at is not null") == 0
    assert await ain.value("select count(*) from city_year where year = 2023") == 0


async def test_some_years_alone_make_no_city_fresh(ain: Scraper):
    row = await imported(ain, 2019)

    assert row["state"] == "done"
    assert await ain.value("select count(*) from candidate") == 6
    assert await ain.value("select count(*) from city where last_scraped is not null") == 0


async def test_sources_by_commune_serve_no_import(ain: Scraper, shelf: Shelf):
    ain.ask(shelf.template)

    row = await imported(ain)

    assert row["error"].startswith("no_source: SALES_SOURCES has no entry for whole departments")


async def test_a_department_of_which_nothing_is_found_has_failed(ain: Scraper, shelf: Shelf):
    ain.ask(f"file://{shelf.folder}/elsewhere/{{year}}/{{department}}.csv")

    row = await imported(ain)

    assert row["error"] == "not_covered: no source has any year of the department 01."


async def simulated_places(scraper: Scraper, publisher: Publisher) -> Sequence[str]:
    async with httpx.AsyncClient() as client:
        places = await load_places(f"{publisher.url}/places/communes.csv", client)
    rows = [
        PlaceRow(**{name: getattr(one, name) for name in PlaceRow.__struct_fields__})
        for one in places
    ]
    await store_places(scraper.connection, rows, former_codes(places))
    return [one.insee_code for one in places]


async def test_a_published_department_is_what_its_communes_are(
    scraper: Scraper, publisher: Publisher
):
    """From `departements/01.csv.gz` or from each commune's own file: the same stock."""
    await simulated_places(scraper, publisher)
    root = f"{publisher.url}/geo-dvf/{{year}}"
    scraper.ask(f"{root}/departements/{{department}}.csv.gz")

    row = await imported(scraper)
    whole = await scraper.connection.fetch(SALES_OF_FILES)
    averages = "select insee_code, house_price_avg, apartment_price_avg from city where house_price_avg > 0 order by 1"
    of_whole = await scraper.connection.fetch(averages)
    await scraper.connection.execute(
        "delete from property; delete from city_year; delete from city"
    )
    scraper.ask(f"{root}/communes/{{department}}/{{insee}}.csv")
    await scraper.refreshed("01053", "01426", "01451")

    assert (row["state"], row["done"], row["total"]) == ("done", 18, 18)
    assert len(whole) > 1000
    assert await scraper.connection.fetch(SALES_OF_FILES) == whole
    assert await scraper.connection.fetch(averages) == of_whole
    assert len(of_whole) == 3
