import itertools
from datetime import timedelta

import msgspec
import pytest

from libs.common.events import PropertiesReady, StepFailed, StepProgressed
from tests.scraper.stage import Scraper, asking


def replaced(job, **changes):
    return msgspec.structs.replace(job, **changes)


async def test_a_job_waits_for_a_city_that_was_never_read(scraper: Scraper):
    job = asking("01053")

    [waiting] = await scraper.process(job)
    [progress, ready] = await scraper.work()

    assert isinstance(waiting, StepProgressed)
    assert (waiting.step, waiting.state, waiting.done, waiting.total) == ("scrape", "running", 0, 1)
    assert (progress.done, progress.total) == (1, 1)
    assert isinstance(ready, PropertiesReady)
    assert (ready.job_id, ready.count, ready.cities, ready.as_of, ready.seed) == (
        job.job_id, job.count, job.cities, job.as_of, job.seed,
    )  # fmt: skip
    assert ready.notes == ("No source has 2026 for 01053.",)


async def test_what_is_said_at_the_end_belongs_to_the_job_that_asked(scraper: Scraper):
    job = asking("01053")
    await scraper.process(job)
    await scraper.worker.work_one()

    headers = await scraper.value("select headers from outbox where topic = 'properties.ready'")

    assert headers["correlation_id"] == str(job.job_id)
    assert headers["causation_id"]


async def test_two_jobs_share_one_refresh(scraper: Scraper):
    one, two = asking("01053"), asking("01053")

    await scraper.process(one)
    await scraper.process(two)
    said = await scraper.work()

    assert await scraper.value("select count(*) from refresh") == 1
    ready = [event.job_id for event in said if isinstance(event, PropertiesReady)]
    assert sorted(ready) == sorted([one.job_id, two.job_id])


async def test_a_job_is_ready_when_the_last_of_its_cities_is(scraper: Scraper):
    await scraper.process(asking("01053", "64260"))

    await scraper.worker.work_one()
    first = await scraper.said()
    await scraper.worker.work_one()
    second = await scraper.said()

    assert [(e.done, e.total) for e in first if isinstance(e, StepProgressed)] == [(1, 2)]
    assert not any(isinstance(event, PropertiesReady) for event in first)
    assert any(isinstance(event, PropertiesReady) for event in second)


async def test_a_fresh_city_answers_at_once(scraper: Scraper):
    await scraper.refreshed("01053")

    [ready] = await scraper.process(asking("01053"))

    assert isinstance(ready, PropertiesReady)
    assert await scraper.value("select count(*) from waiting_job") == 0


async def test_a_city_is_read_again_when_it_is_too_old(scraper: Scraper):
    await scraper.refreshed("01053")

    await scraper.database.advance(timedelta(days=91))
    await scraper.process(asking("01053"))

    assert await scraper.value("select state from refresh order by created_at desc") == "queued"


async def test_a_city_with_few_homes_on_offer_is_read_again_once_a_day(scraper: Scraper):
    await scraper.refreshed("01451")
    scraper.rules = msgspec.structs.replace(scraper.rules, min_on_offer=10_000)

    [same_day] = await scraper.process(asking("01451"))
    await scraper.database.advance(timedelta(days=1, minutes=1))
    [next_day] = await scraper.process(asking("01451"))

    assert isinstance(same_day, PropertiesReady)
    assert isinstance(next_day, StepProgressed)


@pytest.mark.parametrize("least, said", [(30, PropertiesReady), (31, StepProgressed)])
async def test_homes_on_offer_count_of_every_kind_and_whoever_has_received_them(
    scraper: Scraper, least: int, said: type
):
    """Thirty flats, one of them this client's already, and a job that wants houses alone."""
    await scraper.refreshed("01053")
    job = asking("01053", kinds=("house",))
    await scraper.deliver_one(job)
    await scraper.database.advance(timedelta(days=2))
    scraper.rules = msgspec.structs.replace(scraper.rules, min_on_offer=least)

    [event] = await scraper.process(job)

    assert isinstance(event, said)


async def test_homes_outside_the_window_are_not_on_offer(scraper: Scraper):
    await scraper.refreshed("01053")
    await scraper.database.advance(timedelta(days=2))
    scraper.rules = msgspec.structs.replace(scraper.rules, min_on_offer=30)
    [enough] = await scraper.process(asking("01053"))
    admin = await scraper.database.connect()
    await admin.execute(
        "update scraper.property set sold_on = '2020-12-24' where address = '1 RUE DU LAC'"
    )

    [thin] = await scraper.process(asking("01053"))

    assert isinstance(enough, PropertiesReady)
    assert isinstance(thin, StepProgressed)


async def test_a_job_that_lives_on_the_stock_waits_for_nothing(scraper: Scraper):
    [ready] = await scraper.process(asking("01053", refresh=False))

    assert isinstance(ready, PropertiesReady)
    assert await scraper.value("select count(*) from refresh") == 0


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    "changes,reason",
    [
        ({"cities": ()}, "No city is chosen."),
        ({"kinds": ()}, "No kind of property is chosen."),
        ({"cities": ("67482",)}, "67482: Les ventes sont inscrites au livre foncier."),
    ],
)
async def test_a_job_that_can_never_have_stock_fails_for_good(
    scraper: Scraper, changes: dict[str, object], reason: str
):
    [failed] = await scraper.process(asking(**{"cities": ("01053",), **changes}))

    assert isinstance(failed, StepFailed)
    assert (failed.step, failed.permanent, failed.reason) == ("scrape", True, reason)


@pytest.mark.usefixtures("places")
async def test_a_city_without_public_sales_is_a_note_beside_others(scraper: Scraper):
    await scraper.process(asking("67482", "01053"))

    *_, ready = await scraper.work()

    assert ready.notes[0] == "67482: Les ventes sont inscrites au livre foncier."


@pytest.mark.usefixtures("places")
async def test_paris_is_read_by_arrondissement(scraper: Scraper):
    [waiting] = await scraper.process(asking("75056", "75101"))

    assert waiting.total == 20
    cities = await scraper.connection.fetch("select insee_code from refresh order by 1")
    assert [row["insee_code"] for row in cities] == [str(code) for code in range(75101, 75121)]


async def test_a_newer_run_takes_the_place_of_an_older_one(scraper: Scraper):
    job = asking("01053")
    await scraper.process(job)

    await scraper.process(replaced(job, run=2, count=3))
    said = await scraper.work()

    assert [(e.run, e.count) for e in said if isinstance(e, PropertiesReady)] == [(2, 3)]


async def test_a_newer_run_waits_for_its_own_cities_only(scraper: Scraper):
    job = asking("01053", "64260")
    await scraper.process(job)

    await scraper.process(replaced(job, run=2, cities=("64260",)))

    rows = await scraper.connection.fetch("select insee_code, run, total from waiting_job")
    assert [tuple(row) for row in rows] == [("64260", 2, 1)]


async def test_an_older_run_never_displaces_a_newer_one_in_any_order(scraper: Scraper):
    for order in itertools.permutations([1, 2, 1, 2]):
        job = asking("01451")
        for run in order:
            await scraper.process(replaced(job, run=run))
        waiting = await scraper.connection.fetch(
            "select run from waiting_job where job_id = $1", job.job_id
        )
        assert [row["run"] for row in waiting] == [2], order

    ready = [event for event in await scraper.work() if isinstance(event, PropertiesReady)]
    assert {event.run for event in ready} == {2}
    assert len(ready) == len({event.job_id for event in ready}) == 24


async def test_both_runs_of_a_job_in_one_batch_count_as_the_newer(scraper: Scraper):
    job = asking("01451")

    [waiting] = await scraper.process(replaced(job, run=2), job)

    assert waiting.run == 2


async def test_a_repeated_event_is_answered_again_when_the_stock_is_there(scraper: Scraper):
    job = asking("01451")
    await scraper.process(job)
    await scraper.work()

    [again] = await scraper.process(job)

    assert isinstance(again, PropertiesReady)


async def test_a_batch_of_a_hundred_jobs_is_a_few_statements(scraper: Scraper):
    jobs = [asking("01451", "01053") for _ in range(100)]

    said = await scraper.process(*jobs)

    assert len(said) == 100
    assert await scraper.value("select count(*) from waiting_job") == 200
    assert await scraper.value("select count(*) from refresh") == 2
