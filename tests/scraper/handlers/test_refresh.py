import asyncio
from datetime import date

from libs.common.events import PropertiesReady
from services.scraper.handlers import process_clients
from services.scraper.handlers.ports import Claim, Gathered
from services.scraper.handlers.refresh import close_refresh
from tests.scraper.stage import Scraper, asking, received, until

WAITING_FOR_A_LOCK = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)


async def claim_of(scraper: Scraper) -> Claim:
    async with scraper.worker.open_books() as books:
        claim = await books.refreshes.claim()
    assert claim is not None
    return claim


async def close(scraper: Scraper, claim: Claim) -> None:
    async with scraper.worker.open_books() as books:
        await close_refresh(claim, Gathered(), books=books, rules=scraper.rules)


async def test_a_job_that_asks_while_its_city_is_closed_is_not_forgotten(scraper: Scraper):
    """It has seen the refresh open; the worker must see it waiting, whoever commits first."""
    await scraper.process(asking("01053"))
    claim, late = await claim_of(scraper), asking("01053")

    async with scraper.worker.open_books() as books:
        await process_clients([received(late)], books=books, rules=scraper.rules)
        closing = asyncio.create_task(close(scraper, claim))
        await until(lambda: scraper.value(WAITING_FOR_A_LOCK))
    await closing

    ready = [event.job_id for event in await scraper.said() if isinstance(event, PropertiesReady)]
    assert late.job_id in ready
    assert await scraper.value("select count(*) from waiting_job") == 0


async def test_two_workers_that_close_a_jobs_last_cities_release_it_once(scraper: Scraper):
    """Neither sees the other's row gone before it commits."""
    await scraper.process(asking("01053", "64260"))
    first, second = await claim_of(scraper), await claim_of(scraper)

    async with scraper.worker.open_books() as books:
        await close_refresh(first, Gathered(), books=books, rules=scraper.rules)
        closing = asyncio.create_task(close(scraper, second))
        await until(lambda: scraper.value(WAITING_FOR_A_LOCK))
    await closing

    said = await scraper.said()
    assert [event.done for event in said if not isinstance(event, PropertiesReady)] == [1, 2]
    assert sum(isinstance(event, PropertiesReady) for event in said) == 1


async def test_a_failed_refresh_leaves_the_stock_as_it_was(scraper: Scraper):
    await scraper.refreshed("01053")
    before = await scraper.sales("01053")
    await scraper.connection.execute(
        "insert into refresh (insee_code, first_year) values ('01053', 2018)"
    )
    claim = await claim_of(scraper)

    async with scraper.worker.open_books() as books:
        await close_refresh(claim, Gathered(error="html: x"), books=books, rules=scraper.rules)

    assert await scraper.sales("01053") == before
    city = await scraper.row("select last_scraped, failed_at, error from city")
    assert city["last_scraped"] < city["failed_at"]
    assert city["error"] == "html: x"


async def test_a_job_that_wants_an_earlier_year_meanwhile_has_it_read(scraper: Scraper):
    """At the turn of a year a retried job looks further back than the refresh that it joins."""
    await scraper.process(asking("01053", as_of=date(2027, 1, 1)))
    claim, older = await claim_of(scraper), asking("01053", as_of=date(2026, 12, 31))
    await scraper.process(older)

    await close(scraper, claim)

    assert claim.first_year == 2019
    assert (await claim_of(scraper)).first_year == 2018
    assert await scraper.value("select count(*) from waiting_job") == 2
