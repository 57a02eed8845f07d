"""A choice is told once and in time, with the doors as the geocoder knows them, or as the sale does."""

import asyncio
from collections.abc import Generator
from datetime import timedelta

import pytest

from deploy.simulator import Publisher, serving
from deploy.simulator.geocoder import FAULTS
from libs.common.envelope import Received
from libs.common.events import ClientErased
from libs.common.ids import uuid7
from libs.common.postgres import Connection
from services.assigner.handlers import settling
from services.assigner.handlers.erasing import erase
from services.assigner.repository.choices import PostgresChoices
from tests.assigner.awaiting import choose, delivered, settler, told
from tests.assigner.stock import RULE, add, home, ready, street
from tests.support.database import Database

PRINTED = "12 bis rue de la République, 01000 Bourg-en-Bresse"


@pytest.fixture(scope="module")
def site() -> Generator[Publisher]:
    with serving() as publisher:
        yield publisher


async def test_a_choice_waits_and_is_told_once_with_the_geocoders_doors(
    database: Database, site: Publisher
):
    await add(database, [home(address=f"{number} AV JEAN JAURES") for number in range(1, 31)])
    connection = await database.connect("assigner")
    asked = ready(count=30)
    await choose(connection, asked)
    assert await told(connection) == []

    async with settler(database, site) as one:
        assert await one.ask_once()
        assert not await one.ask_once()
        assert not await one.tell_late_once()

    [row] = await told(connection)
    assert row["event"]["job_id"] == str(asked.event.job_id)
    assert row["headers"]["causation_id"] == str(asked.id)
    homes = await delivered(connection)
    assert row["event"]["address_ids"] == [str(each["address_id"]) for each in homes]
    found = [each for each in homes if each["position_source"] == "geocoder"]
    rest = [each for each in homes if each["position_source"] == "parcel"]
    assert len(found) > 20
    assert len(found) + len(rest) == 30
    assert all(each["position_score"] >= 0.7 for each in found)
    assert any(each["latitude"] != 46.2 for each in found)
    assert {(each["latitude"], each["position_score"]) for each in rest} <= {(46.2, None)}
    street_and_place = " avenue Jean Jaurès, 01000 Bourg-en-Bresse"
    assert all(each["printed_address"].endswith(street_and_place) for each in homes)
    assert await connection.fetchval("select count(*) from awaited_position") == 0


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_no_fault_keeps_a_delivery_from_its_time(
    database: Database, site: Publisher, fault: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settling, "ASK_SECONDS", 0.3)
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, site, fault) as one:
        await one.ask_once()
        await database.advance(timedelta(seconds=9.5))
        await one.tell_late_once()

    [row] = await told(connection)
    assert row["event"]["found"] == 10
    homes = await delivered(connection)
    assert {each["position_source"] for each in homes} == {"parcel"}
    assert {(each["latitude"], each["longitude"]) for each in homes} == {(46.2, 5.2)}
    assert {each["printed_address"] for each in homes} == {PRINTED}


async def test_what_failed_is_asked_again_while_there_is_time(database: Database, site: Publisher):
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, site, "500") as failing, settler(database, site) as other:
        await failing.ask_once()
        assert not await other.ask_once()  # not at once
        await database.advance(timedelta(seconds=0.6))
        assert await other.ask_once()

    assert len(await told(connection)) == 1
    assert {each["position_source"] for each in await delivered(connection)} >= {"geocoder"}


async def test_whoever_dies_while_asking_is_followed_by_another(
    database: Database, site: Publisher
):
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, site) as dead, settler(database, site) as other:
        async with dead.open_books() as books:
            assert await books.positions.claim(
                jobs=20, homes=400, least_seconds=2, lease_seconds=settling.LEASE_SECONDS
            )
        assert not await other.ask_once()
        await database.advance(timedelta(seconds=settling.LEASE_SECONDS + 0.1))
        assert await other.ask_once()

    assert len(await told(connection)) == 1


async def test_many_settlers_tell_each_choice_once(database: Database, site: Publisher):
    await add(database, street(60))
    connection = await database.connect("assigner")
    jobs = [ready(count=3) for _ in range(30)]
    await choose(connection, *jobs)

    async with settler(database, site) as one, settler(database, site) as other:
        await asyncio.gather(
            *(each.ask_once() for each in (one, other) for _ in range(3)), other.tell_late_once()
        )
        await database.advance(timedelta(seconds=10))
        await asyncio.gather(*(each.tell_late_once() for each in (one, other) for _ in range(4)))

    said = [row["event"]["job_id"] for row in await told(connection)]
    assert sorted(said) == sorted(str(job.event.job_id) for job in jobs)


async def test_a_job_asked_again_hears_its_recorded_choice_and_nobody_is_asked(
    database: Database, site: Publisher
):
    await add(database, street(10))
    connection = await database.connect("assigner")
    asked = ready()
    await choose(connection, asked)
    async with settler(database, site) as one:
        await one.ask_once()
    before = await delivered(connection)
    site.asked.clear()

    again = ready(job_id=asked.event.job_id, client_id=asked.event.client_id, run=2)
    await choose(connection, again)

    first, second = await told(connection)
    assert (first["event"]["run"], second["event"]["run"]) == (1, 2)
    assert first["event"]["address_ids"] == second["event"]["address_ids"]
    assert await delivered(connection) == before
    assert list(site.asked) == []


async def test_two_runs_that_wait_are_both_told(database: Database, site: Publisher):
    await add(database, street(10))
    connection = await database.connect("assigner")
    asked = ready()
    await choose(connection, asked)
    await choose(
        connection, asked, ready(job_id=asked.event.job_id, client_id=asked.event.client_id, run=2)
    )

    async with settler(database, site) as one:
        await one.ask_once()

    assert sorted(row["event"]["run"] for row in await told(connection)) == [1, 2]


async def test_nothing_is_told_of_a_client_erased_meanwhile(database: Database, site: Publisher):
    await add(database, street(10))
    connection = await database.connect("assigner")
    asked = ready()
    await choose(connection, asked)

    async with settler(database, site) as one:
        claimed = await one._claim()
        assert claimed
        await _erase(connection, asked.event.client_id)
        assert one.geocoder
        await one._work(claimed, one.geocoder)
        await database.advance(timedelta(seconds=10))
        await one.tell_late_once()

    assert await told(connection) == []
    kept = await connection.fetch(
        "select * from assignment where printed_address is not null or latitude is not null"
    )
    assert kept == []


async def _erase(connection: Connection, client_id: object) -> None:
    received = Received(id=uuid7(), event=ClientErased(client_id=client_id))  # pyright: ignore[reportArgumentType]
    async with connection.transaction():
        await erase([received], choices=PostgresChoices(connection, RULE))


async def test_a_choice_of_a_thousand_homes_is_told_in_time(database: Database, site: Publisher):
    await add(database, [home(address=f"{number} RUE DU STAND") for number in range(1, 1001)])
    connection = await database.connect("assigner")
    await choose(connection, ready(count=1000))

    async with settler(database, site) as one:
        assert await one.ask_once()

    [row] = await told(connection)
    assert row["event"]["found"] == 1000
    assert sum(each["position_source"] == "geocoder" for each in await delivered(connection)) > 900


async def test_a_running_settler_tells_within_a_tenth_of_a_second(
    database: Database, site: Publisher
):
    await add(database, street(100))
    connection = await database.connect("assigner")
    clock, took = asyncio.get_running_loop().time, list[float]()

    async with settler(database, site) as one, asyncio.TaskGroup() as group:
        running = group.create_task(one.run())
        for number in range(1, 8):
            await choose(connection, ready())
            began = clock()
            one.wake.set()
            await _until_told(connection, number)
            took.append(clock() - began)
        running.cancel()

    assert min(took) < 0.1  # the best: the machine has other work too


async def _until_told(connection: Connection, number: int) -> None:
    async with asyncio.timeout(10):
        while len(await told(connection)) < number:  # noqa: ASYNC110  rows, no event of this process
            await asyncio.sleep(0.002)
