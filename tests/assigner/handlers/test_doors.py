"""What a delivered home says of its door, and who was asked for it."""

import asyncio
from collections.abc import Generator
from datetime import timedelta
from uuid import uuid4

import pytest

from deploy.simulator import Publisher, serving
from services.assigner import metrics
from services.assigner.repository.choices import PostgresChoices
from tests.assigner.awaiting import choose, delivered, settler, told
from tests.assigner.stock import RULE, add, ready, street
from tests.support.database import Database
from tests.support.scrape import scraped

PRINTED = "12 bis rue de la République, 01000 Bourg-en-Bresse"


@pytest.fixture(scope="module")
def site() -> Generator[Publisher]:
    with serving() as publisher:
        yield publisher


async def test_doors_and_waiting_choices_are_counted(database: Database, site: Publisher):
    await add(database, street(30))
    connection = await database.connect("assigner")
    before = await scraped(database, "assigner", metrics.GAUGES)
    await choose(connection, ready())
    waiting = await scraped(database, "assigner", metrics.GAUGES)

    async with settler(database, site) as one:
        await one.ask_once()
    after = await scraped(database, "assigner", metrics.GAUGES)

    counts = [shown["awaited_positions",] for shown in (before, waiting, after)]
    assert counts == [0, 1, 0]
    doors = [
        sum(shown.get(("doors_total", who), 0) for who in ("geocoder", "sale"))
        for shown in (before, after)
    ]
    assert doors[1] - doors[0] == 10


async def test_door_and_raw_address_never_change(database: Database, site: Publisher):
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())
    before = await delivered(connection)

    async with settler(database, site) as one:
        await one.ask_once()

    kept = ("home_key", "address", "postal_code", "insee_code", "city_name", "address_id")
    assert [[row[name] for name in kept] for row in await delivered(connection)] == [
        [row[name] for name in kept] for row in before
    ]


async def test_a_door_is_asked_for_once(database: Database, site: Publisher):
    await add(database, street(10))
    connection = await database.connect("assigner")
    site.asked.clear()

    async with settler(database, site) as one:
        for client_id in (uuid4(), uuid4()):
            await choose(connection, ready(client_id=client_id))
            assert await one.ask_once()

    assert len(site.asked) == 1
    first, second = (await delivered(connection))[:10], (await delivered(connection))[10:]
    said = [
        {row["home_key"]: (row["printed_address"], row["latitude"]) for row in homes}
        for homes in (first, second)
    ]
    assert said[0] == said[1]


async def test_a_bad_day_of_the_geocoder_is_not_held_against_its_doors(
    database: Database, site: Publisher
):
    await add(database, street(10))
    connection = await database.connect("assigner")

    for days, fault in ((0, "scores"), (2, "")):
        await database.advance(timedelta(days=days))
        await choose(connection, ready())
        async with settler(database, site, fault) as one:
            assert await one.ask_once()

    sources = sorted(row["position_source"] for row in await delivered(connection))
    assert sources == ["geocoder"] * 10 + ["parcel"] * 10


async def test_a_clock_put_back_keeps_no_delivery_from_its_time(
    database: Database, site: Publisher
):
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, site) as one:
        assert not await one.tell_late_once()
        await database.advance(timedelta(hours=-1))
        assert await one.tell_late_once()

    assert len(await told(connection)) == 1


async def test_a_client_whom_somebody_keeps_holds_up_no_other(database: Database, site: Publisher):
    await add(database, street(60))
    connection, other = [await database.connect("assigner") for _ in range(2)]
    jobs = [ready(count=1) for _ in range(40)]
    await choose(connection, *jobs)
    kept = [job.event.client_id for job in jobs[:25]]

    async with settler(database, site) as one, asyncio.timeout(20):
        async with other.transaction():
            await PostgresChoices(other, RULE).lock(kept)
            await one.ask_once()
            asked = len(await told(connection))
            await database.advance(timedelta(seconds=9.5))
            while await one.tell_late_once():
                pass
            assert len(await told(connection)) == 15
        while await one.tell_late_once():
            pass

    assert len(await told(connection)) == 40
    assert asked == 0  # the longest waiting twenty are all kept
    sources = [row["position_source"] for row in await delivered(connection)]
    assert sources.count("geocoder") > 10  # what was said meanwhile counts


async def test_without_a_geocoder_a_choice_is_told_at_once(database: Database):
    await add(database, street(10))
    connection = await database.connect("assigner")

    await choose(connection, ready(), asking=False)

    assert len(await told(connection)) == 1
    homes = await delivered(connection)
    assert {(each["printed_address"], each["position_source"]) for each in homes} == {
        (PRINTED, "parcel")
    }


CENTRE = """
    insert into scraper.city (insee_code, latitude, longitude) values ('01053', 46.25, 5.25)
    on conflict (insee_code) do update set latitude = 46.25, longitude = 5.25
"""


@pytest.mark.parametrize("fault", ["", "500"])
async def test_a_sale_without_a_point_has_the_communes_until_the_door_is_found(
    database: Database, site: Publisher, fault: str
):
    await add(database, street(10, address="8 RUE DU STAND"))
    admin = await database.connect()
    await admin.execute("update scraper.property set latitude = null, longitude = null")
    await admin.execute(CENTRE)
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, site, fault) as one:
        await one.ask_once()
        await database.advance(timedelta(seconds=9.5))
        await one.tell_late_once()

    homes = await delivered(connection)
    if fault:
        assert {(h["position_source"], h["latitude"]) for h in homes} == {("commune", 46.25)}
    else:
        assert {(h["position_source"], h["latitude"] != 46.25) for h in homes} == {
            ("geocoder", True)
        }


async def test_what_still_waits_when_the_geocoder_is_switched_off_is_told(database: Database):
    await add(database, street(10))
    connection = await database.connect("assigner")
    await choose(connection, ready())

    async with settler(database, None) as one:
        assert await one.tell_late_once()

    assert len(await told(connection)) == 1
    assert {each["printed_address"] for each in await delivered(connection)} == {PRINTED}
