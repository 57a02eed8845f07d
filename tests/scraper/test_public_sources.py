"""The whole scraper on the public publishers as the simulator plays them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from deploy.simulator.server import Publisher, serving
from libs.common.events import PropertiesReady
from services.scraper.domain import parse_sources
from services.scraper.settings import FORMATS, PUBLIC_SOURCES
from tests.scraper.stage import Scraper


@pytest.fixture
def own_publisher() -> Iterator[Publisher]:
    with serving() as publisher:
        yield publisher


@pytest.fixture
async def public(scraper: Scraper, own_publisher: Publisher) -> Publisher:
    """It alone is asked, by the default templates."""
    root = own_publisher.url
    entries = [
        entry.replace("https://files.data.gouv.fr", root).replace("https://data.cquest.org", root)
        for entry in PUBLIC_SOURCES
    ]
    scraper.ask(*parse_sources(entries, formats=FORMATS))
    return own_publisher


async def test_homes_sold_before_the_official_years_are_on_offer(
    scraper: Scraper, public: Publisher
):
    _, ready = await scraper.refreshed("01053")

    assert isinstance(ready, PropertiesReady)
    on_offer = dict(
        await scraper.connection.fetch(
            "select extract(year from sold_on)::int as year, count(*) from candidate"
            " where source = 'raw-dvf' group by year"
        )
    )
    assert set(on_offer) == {2018, 2019, 2020}
    assert min(on_offer.values()) > 50


async def test_a_city_keeps_the_fingerprint_of_its_departments_part(
    scraper: Scraper, public: Publisher
):
    await scraper.refreshed("01053")

    rows = await scraper.connection.fetch("select year, file_sha256, source from city_year")
    raw = [row["file_sha256"] for row in rows if row["source"] == "raw-dvf"]
    assert len(set(raw)) == 3
    for sha256 in raw:
        assert scraper.archive.store.path(sha256).is_file()


async def test_a_second_refresh_asks_and_loads_nothing_new(scraper: Scraper, public: Publisher):
    await scraper.refreshed("01053")
    before = await scraper.sales("01053")
    public.asked.clear()

    await scraper.database.advance(timedelta(days=91))
    await scraper.refreshed("01053")

    assert not [path for path in public.asked if "dgfip_dvf" in path]
    states = await scraper.connection.fetch(
        "select distinct state from download where fetched_at > public.clock() - interval '1 day'"
    )
    assert {row["state"] for row in states} == {"unchanged", "not_covered"}
    assert await scraper.sales("01053") == before


async def test_a_lost_database_is_filled_from_the_archive_with_dropped_years(
    scraper: Scraper, public: Publisher
):
    await scraper.refreshed("01053")
    before = {row["property_id"] for row in await scraper.sales("01053")}
    public.drop("2021", "2022", "valeursfoncieres-2018.txt", "valeursfoncieres-2019.txt.zip")
    await scraper.connection.execute("delete from property")
    await scraper.connection.execute("delete from city_year")
    await scraper.connection.execute("delete from city")

    _, ready = await scraper.refreshed("01053")

    assert isinstance(ready, PropertiesReady)
    assert {row["property_id"] for row in await scraper.sales("01053")} == before
