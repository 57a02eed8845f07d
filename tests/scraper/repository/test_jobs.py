from uuid import uuid4

import msgspec

from libs.common.envelope import Received
from services.scraper.domain import Rules
from services.scraper.handlers.wanted import what_they_want
from services.scraper.repository import PostgresCities, PostgresJobs
from tests.scraper.stage import Scraper, asking


async def test_an_older_run_that_comes_late_takes_no_place_of_the_newer(scraper: Scraper):
    """Two processes may hold runs of one job while the group is rebalanced."""
    older = asking("01053")
    newer = msgspec.structs.replace(older, run=2, cities=("64260",))
    received = [Received(id=uuid4(), event=event) for event in (newer, older)]
    cities, jobs = PostgresCities(scraper.connection), PostgresJobs(scraper.connection)
    [first, late] = await what_they_want(received, cities=cities, rules=Rules())

    await jobs.wait([(first, ["64260"])])
    await jobs.wait([(late, [])])

    assert await jobs.newest_runs([older.job_id]) == {older.job_id: 2}
