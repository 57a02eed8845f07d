import asyncio
from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from libs.common.events import PropertiesReady
from services.scraper.archive import Archive
from services.scraper.domain import Source
from services.scraper.handlers.ports import (
    Claim,
    Fetched,
    Gathered,
    LeaseLostError,
    Place,
)
from services.scraper.handlers.refresh import close_refresh
from services.scraper.handlers.worker import MOST_CLAIMS
from tests.scraper.stage import Scraper, asking, until


class Stuck(msgspec.Struct):
    """Files that come when the test lets them."""

    files: Archive
    asked: asyncio.Event = msgspec.field(default_factory=asyncio.Event)
    released: asyncio.Event = msgspec.field(default_factory=asyncio.Event)

    async def fetch(self, source: Source, place: Place, year: int, *, patient: bool) -> Fetched:
        self.asked.set()
        await self.released.wait()
        return await self.files.fetch(source, place, year, patient=patient)

    async def distrust(self, url: str, code: str, sentence: str) -> None:
        await self.files.distrust(url, code, sentence)

    async def has_year(self, source: Source, place: Place, year: int) -> bool:
        return await self.files.has_year(source, place, year)


async def claimed(scraper: Scraper) -> Claim:
    async with scraper.worker.open_books() as books:
        claim = await books.refreshes.claim()
    assert claim is not None
    return claim


async def test_nobody_claims_what_another_holds(scraper: Scraper):
    await scraper.process(asking("01053"))
    await claimed(scraper)

    assert not await scraper.worker.work_one()


async def test_a_lease_that_ran_out_is_claimed_again_under_a_new_fence(scraper: Scraper):
    await scraper.process(asking("01053"))
    first = await claimed(scraper)

    await scraper.database.advance(timedelta(seconds=61))
    second = await claimed(scraper)

    assert (second.id, second.fence) == (first.id, first.fence + 1)


async def test_a_lease_from_before_the_clock_was_put_back_is_over(scraper: Scraper):
    await scraper.process(asking("01053"))
    first = await claimed(scraper)

    await scraper.database.advance(timedelta(hours=-1))

    assert (await claimed(scraper)).fence == first.fence + 1


async def test_a_worker_that_lost_its_lease_writes_nothing(scraper: Scraper):
    await scraper.process(asking("01053"))
    stuck = Stuck(scraper.archive)
    slow = msgspec.structs.replace(scraper.worker, files=stuck)
    working = asyncio.create_task(slow.work_one())
    await stuck.asked.wait()
    await scraper.database.advance(timedelta(seconds=61))
    await claimed(scraper)

    stuck.released.set()
    with pytest.raises(LeaseLostError):
        await working

    assert await scraper.value("select count(*) from property") == 0
    assert await scraper.value("select count(*) from download") == 0
    assert await scraper.value("select count(*) from city") == 0
    assert await scraper.value("select count(*) from waiting_job") == 1
    assert await scraper.value("select state from refresh") == "running"


async def test_a_worker_stops_as_soon_as_it_notices_that_its_lease_is_lost(scraper: Scraper):
    await scraper.process(asking("01053"))
    stuck = Stuck(scraper.archive)
    slow = msgspec.structs.replace(scraper.worker, files=stuck, renew_seconds=0.05)
    working = asyncio.create_task(slow.work_one())
    await stuck.asked.wait()

    await scraper.connection.execute("update refresh set fence = fence + 1")

    with pytest.raises(LeaseLostError):
        await working


async def test_the_lease_of_a_slow_worker_is_renewed(scraper: Scraper):
    await scraper.process(asking("01053"))
    stuck = Stuck(scraper.archive)
    slow = msgspec.structs.replace(scraper.worker, files=stuck, renew_seconds=0.05)
    working = asyncio.create_task(slow.work_one())
    await stuck.asked.wait()
    before = await scraper.value("select lease_until from refresh")

    await until(lambda: scraper.value("select lease_until > $1 from refresh", before))
    stuck.released.set()

    assert await working
    assert await scraper.value("select state from refresh") == "done"


async def test_a_closed_refresh_is_not_closed_again(scraper: Scraper):
    await scraper.process(asking("01053"))
    claim = await claimed(scraper)
    async with scraper.worker.open_books() as books:
        await close_refresh(claim, Gathered(error="html: x"), books=books, rules=scraper.rules)

    with pytest.raises(LeaseLostError):
        async with scraper.worker.open_books() as books:
            await close_refresh(claim, Gathered(), books=books, rules=scraper.rules)

    assert await scraper.value("select state from refresh") == "failed"


async def test_a_refresh_on_which_every_worker_fails_is_given_up(scraper: Scraper):
    await scraper.process(asking("01053"))
    await scraper.connection.execute("update refresh set fence = $1", MOST_CLAIMS)

    progress, failed = await scraper.work()

    assert "01053: gave_up: " in progress.note
    assert "gave_up" in failed.reason


async def test_workers_at_once_read_each_city_once_and_release_each_job_once(scraper: Scraper):
    """Two cities of a job that end together must not each wait for the other."""
    cities = ("01053", "01451", "64260")
    jobs = [asking(*cities) for _ in range(5)]
    await scraper.process(*jobs)

    await asyncio.gather(*(scraper.worker.work_one() for _ in range(4)))

    said = await scraper.said()
    ready = Counter(event.job_id for event in said if isinstance(event, PropertiesReady))
    assert ready == {job.job_id: 1 for job in jobs}
    assert await scraper.value("select count(*) from waiting_job") == 0
    assert (
        await scraper.value("select count(*) from refresh where fence = 1 and state = 'done'") == 3
    )


async def test_a_job_that_comes_while_its_city_is_read_is_released_with_it(scraper: Scraper):
    await scraper.process(asking("01053"))
    stuck = Stuck(scraper.archive)
    working = asyncio.create_task(msgspec.structs.replace(scraper.worker, files=stuck).work_one())
    await stuck.asked.wait()

    late = asking("01053")
    await scraper.process(late)
    stuck.released.set()
    await working

    ready = [event.job_id for event in await scraper.said() if isinstance(event, PropertiesReady)]
    assert late.job_id in ready
    assert await scraper.value("select count(*) from refresh") == 1


async def test_files_read_so_far_are_seen(scraper: Scraper):
    await scraper.process(asking("01053"))
    claim = await claimed(scraper)

    async with scraper.worker.open_books() as books:
        assert await books.refreshes.progress(claim, 3, 9)

    row = await scraper.row("select done, total, state from refresh_overview")
    assert tuple(row) == (3, 9, "running")
