import pytest

from libs.common.events import PropertiesReady
from tests.scraper.stage import Scraper, asking


@pytest.mark.usefixtures("places")
async def test_a_job_for_paris_is_ready_in_its_arrondissements(scraper: Scraper):
    said = await scraper.refreshed("75056")

    [ready] = [event for event in said if isinstance(event, PropertiesReady)]
    assert ready.cities == tuple(str(code) for code in range(75101, 75121))


async def test_a_job_for_a_town_is_ready_in_that_town(scraper: Scraper):
    said = await scraper.refreshed("64260")

    [ready] = [event for event in said if isinstance(event, PropertiesReady)]
    assert ready.cities == asking("64260").cities
