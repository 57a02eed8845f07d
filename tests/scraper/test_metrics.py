"""What the scraper's /metrics page says of refreshes and of what it reads."""

from datetime import timedelta

import pytest

from services.scraper.metrics import GAUGES
from tests.scraper.department import imported, put
from tests.scraper.handlers.conftest import ain
from tests.scraper.stage import Scraper, Shelf, asking, flat, flats
from tests.support.scrape import Samples, scraped

__all__ = ["ain"]


async def shown(scraper: Scraper) -> Samples:
    return await scraped(scraper.database, "scraper", GAUGES)


async def test_refreshes_are_counted_and_the_oldest_open_one_aged(scraper: Scraper):
    assert (await shown(scraper))["refresh_oldest_seconds",] == 0
    await scraper.process(asking("01053"))
    await scraper.database.advance(timedelta(minutes=10))

    waiting = await shown(scraper)
    await scraper.work()
    done = await shown(scraper)

    assert waiting["refreshes", "queued"] == 1
    assert waiting["refresh_oldest_seconds",] == pytest.approx(600, abs=60)
    assert (done["refreshes", "queued"], done["refreshes", "done"]) == (0, 1)
    assert done["refresh_oldest_seconds",] == 0


async def test_the_stalest_city_is_aged(scraper: Scraper):
    await scraper.refreshed("01053")
    await scraper.database.advance(timedelta(days=100))
    await scraper.refreshed("64260")

    age = (await shown(scraper))["stalest_city_seconds",]

    assert age == pytest.approx(timedelta(days=100).total_seconds(), rel=0.01)


async def test_downloads_and_rejected_sales_are_counted(scraper: Scraper, shelf: Shelf):
    before = await shown(scraper)
    shelf.put(2019, *flats("2019-05-02"), flat("2019-05-02", 99, valeur_fonciere="1"))
    shelf.put_bytes(2020, b"<html>no</html>")

    await scraper.refreshed("01053")

    after = await shown(scraper)
    for key in (
        ("sales_rejected_total", "no_price_or_symbolic"),
        ("downloads_total", "geo-dvf", "loaded"),
        ("downloads_total", "geo-dvf", "broken"),
    ):
        assert after[key] - before.get(key, 0) == 1, key


async def test_what_a_departments_file_rejects_is_counted_too(ain: Scraper, shelf: Shelf):
    before = await shown(ain)
    put(shelf, 2019, *flats("2019-05-02", 3), flat("2019-05-02", 99, valeur_fonciere="1"))

    await imported(ain)

    assert rejected(await shown(ain)) == rejected(before) + 1


def rejected(samples: Samples) -> float:
    return sum(value for labels, value in samples.items() if labels[0] == "sales_rejected_total")
