"""Imports beside one another, beside their cities, and after a worker's end."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from services.scraper.domain import Source
from services.scraper.handlers.ports import LeaseLostError
from tests.scraper.department import (
    SALES_OF_FILES,
    department,
    imported,
    nobody_writes,
    request,
    waiting,
)
from tests.scraper.stage import Scraper, Shelf, asking, flats


async def test_two_imports_of_one_department_are_one(ain: Scraper):
    first, second = await asyncio.gather(request(ain), request(ain))

    assert first == second
    assert await ain.value("select count(*) from refresh") == 1


async def test_who_joins_a_running_import_has_the_other_years_read_too(ain: Scraper):
    await request(ain, 2019)
    async with nobody_writes(ain, "property"):
        working = asyncio.create_task(ain.worker.work_one())
        await waiting(ain)
        await request(ain, 2023)
    await working
    await ain.work()

    read = "select array_agg(distinct year order by year) from city_year where state = 'read'"
    assert await ain.value(read) == [2019, 2023]
    assert await ain.value("select count(*) from refresh") == 1


async def test_who_comes_when_an_import_is_closed_has_one_of_ones_own(ain: Scraper):
    await request(ain, 2019)
    async with nobody_writes(ain):
        working = asyncio.create_task(ain.worker.work_one())
        await waiting(ain)
        late = asyncio.create_task(request(ain, 2023))
        await waiting(ain, 2)
    await asyncio.gather(working, late)
    await ain.work()

    read = "select array_agg(distinct year order by year) from city_year where state = 'read'"
    assert await ain.value(read) == [2019, 2023]
    assert await ain.value("select count(*) from refresh where state = 'done'") == 2


async def test_an_import_whose_worker_is_killed_is_done_by_another(ain: Scraper):
    await request(ain)
    async with nobody_writes(ain):
        killed = asyncio.create_task(ain.worker.work_one())
        await waiting(ain)
        killed.cancel()
        await asyncio.wait({killed})
    nothing = await ain.value("select count(*) from property")

    await ain.database.advance(timedelta(seconds=61))
    await ain.work()

    assert nothing == 0
    assert tuple(await ain.row("select state, fence from refresh")) == ("done", 2)
    assert await ain.value("select count(*) from property") == 10


async def test_a_worker_that_has_lost_an_import_writes_nothing_of_it(ain: Scraper):
    await request(ain)
    async with nobody_writes(ain, "property"):
        slow = asyncio.create_task(ain.worker.work_one())
        await waiting(ain)
        # By one that has not come to the end either: the slow one learns of it when it is through.
        await ain.connection.execute("update refresh set fence = fence + 1")
    with pytest.raises(LeaseLostError):
        await slow

    assert await ain.value("select count(*) from property") == 0


@pytest.mark.parametrize("first", ["import", "city"])
async def test_a_city_read_beside_its_department_is_right_in_either_order(
    ain: Scraper, shelf: Shelf, first: str
):
    shelf.put(2019, *flats("2019-05-02", 3))
    city, whole = Source("geo-dvf", shelf.template), department(shelf)
    ask_city = msgspec.structs.replace(ain.worker, sources=(city, whole), imports=False)
    await request(ain)
    await ain.process(asking("01053"))
    turns = [ain.worker, ask_city] if first == "import" else [ask_city, ain.worker]
    turns[0] = msgspec.structs.replace(turns[0], imports=first == "import")
    if first == "import":  # the city would go first
        await ain.connection.execute("update refresh set state = 'done' where insee_code = '01053'")

    async with nobody_writes(ain):
        one = asyncio.create_task(turns[0].work_one())
        await waiting(ain)
        await ain.connection.execute(
            "update refresh set state = 'queued', lease_until = null where state = 'done'"
        )
        other = asyncio.create_task(turns[1].work_one())
        await waiting(ain, 2)
    assert await asyncio.gather(one, other) == [True, True]

    beside = await ain.connection.fetch(SALES_OF_FILES)
    await ain.connection.execute(
        "delete from property; delete from city_year; delete from city; delete from refresh"
    )
    await imported(ain)
    assert beside == await ain.connection.fetch(SALES_OF_FILES)


async def test_cities_go_before_departments(ain: Scraper):
    await request(ain)
    await ain.process(asking("01053"))

    async with ain.worker.open_books() as books:
        city = await books.refreshes.claim()
        none = await books.refreshes.claim(imports=False)
        whole = await books.refreshes.claim()

    assert city
    assert whole
    assert (city.insee_code, none, whole.insee_code) == ("01053", None, "01")
