import asyncio

import pytest

from deploy.simulator.server import Publisher
from libs.egress import egress
from services.scraper.main import keep_places
from services.scraper.repository import store_places
from tests.scraper.stage import Scraper, asking, place, until


async def test_a_place_is_shown_with_its_prices_and_freshness(scraper: Scraper):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    before = await scraper.row("select * from place_overview")
    await scraper.refreshed("01053")
    after = await scraper.row("select * from place_overview")

    assert (before["name"], before["postal_code"], before["covered"]) == ("Bourg", "01000", True)
    assert (before["last_scraped"], before["apartment_price_avg"]) == (None, None)
    assert before["expands_to"] == ["01053"]
    assert after["last_scraped"] is not None
    assert after["apartment_price_avg"] == 2000


@pytest.mark.usefixtures("places")
async def test_a_city_without_public_sales_is_shown_with_the_reason(scraper: Scraper):
    row = await scraper.row("select covered, reason from place_overview where insee_code = '67482'")

    assert tuple(row) == (False, "Les ventes sont inscrites au livre foncier.")


async def test_paris_is_as_fresh_as_its_stalest_arrondissement(scraper: Scraper):
    parts = ("01053", "01451")
    await store_places(
        scraper.connection,
        [place("01900", "Grande", expands_to=parts), *(place(code) for code in parts)],
        {},
    )
    shown = "select last_scraped is not null, apartment_price_avg from place_overview where insee_code = '01900'"

    await scraper.refreshed("01053")
    half = await scraper.row(shown)
    await scraper.refreshed("01451")
    whole = await scraper.row(shown)

    assert (tuple(half), tuple(whole)) == ((False, 2000), (True, 2000))


async def test_the_same_list_again_changes_nothing(scraper: Scraper):
    listed = [place("01053", "Bourg"), place("01451", "Viriat")]
    await store_places(scraper.connection, listed, {})
    before = await scraper.connection.fetch("select xmin, * from place order by insee_code")

    await store_places(scraper.connection, listed, {})

    assert await scraper.connection.fetch("select xmin, * from place order by insee_code") == before


async def test_a_commune_that_has_merged_leads_to_todays(scraper: Scraper):
    """A client who chose it before the merger is still served."""
    await store_places(scraper.connection, [place("01900", "Ancienne")], {})
    await store_places(
        scraper.connection, [place("01053", former_codes=("01900",))], {"01900": "01053"}
    )

    await scraper.process(asking("01900"))

    assert await scraper.value("select insee_code from refresh") == "01053"
    assert await scraper.value("select search from place where insee_code = '01900'") == ""


async def test_places_are_loaded_from_their_publisher(scraper: Scraper, publisher: Publisher):
    pool = await scraper.database.pool("scraper")
    async with egress([f"127.0.0.1:{publisher.server_port}"]) as client:
        keeping = asyncio.create_task(
            keep_places(f"{publisher.url}/places/communes.csv", pool, client)
        )
        await until(lambda: scraper.value("select count(*) from place"))
        keeping.cancel()

    row = await scraper.row(
        "select name, cardinality(expands_to) as parts from place_overview"
        " where insee_code = '75056'"
    )
    assert tuple(row) == ("Paris", 20)
