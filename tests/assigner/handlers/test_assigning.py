"""What is told of a job, and to whom a door may go."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from libs.common.envelope import Received
from libs.common.errors import PermanentError
from libs.common.events import (
    AddressesInsufficient,
    ClientErased,
    PropertiesAssigned,
    StepFailed,
)
from libs.common.ids import uuid7
from libs.common.postgres import Connection
from services.assigner.domain.choice import address_id
from services.assigner.handlers.erasing import erase
from services.assigner.repository.choices import PostgresChoices
from tests.assigner.stock import RULE, add, assigned, home, ready, street
from tests.support.database import Database


async def test_a_full_number_is_told_with_the_addresses_in_the_order_of_the_mail(
    database: Database,
):
    await add(database, street(20))
    asked = ready(count=3, run=2, ladder=5, kind="add")

    [told] = await assigned(await database.connect("assigner"), asked)

    reader = await database.connect("gateway")
    delivered = await reader.fetch("select * from assigner.delivered order by position")
    assert told == PropertiesAssigned(
        job_id=asked.event.job_id,
        client_id=asked.event.client_id,
        kind="add",
        run=2,
        ladder=5,
        requested=3,
        found=3,
        address_ids=tuple(row["address_id"] for row in delivered),
    )
    assert [row["position"] for row in delivered] == [1, 2, 3]
    assert all(row["address_id"] == address_id(row["home_key"]) for row in delivered)


async def test_too_few_are_delivered_and_reported(database: Database):
    await add(database, street(2))

    complete, short = await assigned(
        await database.connect("assigner"), ready(count=3, notes=("2018 manque",))
    )

    assert isinstance(complete, PropertiesAssigned)
    assert len(complete.address_ids) == 2
    assert isinstance(short, AddressesInsufficient)
    assert (short.requested, short.found, short.cities) == (3, 2, ("01053",))
    assert short.tried[-1] == "2018 manque"


async def test_nothing_found_is_only_reported(database: Database):
    [told] = await assigned(await database.connect("assigner"), ready())

    assert isinstance(told, AddressesInsufficient)
    assert told.found == 0


async def test_only_homes_of_the_wanted_towns_kinds_and_days_are_chosen(database: Database):
    first, last = date(2018, 11, 21), date(2020, 11, 21)
    wanted = [home(sold_on=first), home(sold_on=last, kind="apartment")]
    others = [
        home(sold_on=date(2018, 11, 20)),
        home(sold_on=date(2020, 11, 22)),
        home(kind="land"),
        home(insee_code="64260"),
    ]
    await add(database, wanted + others)

    complete, _ = await assigned(await database.connect("assigner"), ready())

    assert isinstance(complete, PropertiesAssigned)
    assert set(complete.address_ids) == {address_id(one.home_key) for one in wanted}


async def test_a_job_asked_again_hears_its_recorded_choice_with_the_newer_run(database: Database):
    await add(database, street(30))
    connection = await database.connect("assigner")
    asked = ready(count=40)
    before = await assigned(connection, asked)
    await add(database, street(30))

    again = ready(
        job_id=asked.event.job_id,
        client_id=asked.event.client_id,
        count=40,
        run=2,
        cities=("75056",),
    )
    after = await assigned(connection, again)

    assert [(told.run, told.found) for told in after] == [(2, 30), (2, 30)]
    assert after[0].address_ids == before[0].address_ids
    assert after[1].tried == before[1].tried


async def test_two_runs_of_a_job_in_one_batch_are_both_answered_with_one_choice(
    database: Database,
):
    await add(database, street(30))
    asked = ready()
    again = ready(job_id=asked.event.job_id, client_id=asked.event.client_id, run=2)

    first, second = await assigned(await database.connect("assigner"), asked, again)

    assert (first.run, second.run) == (1, 2)
    assert first.address_ids == second.address_ids


async def test_two_jobs_of_a_client_in_one_batch_share_no_door_and_lose_none(database: Database):
    await add(database, street(20))
    client_id = uuid4()
    jobs = [ready(client_id=client_id) for _ in range(2)]

    told = await assigned(await database.connect("assigner"), *jobs)

    assert [type(each) for each in told] == [PropertiesAssigned] * 2
    assert len({each for one in told for each in one.address_ids}) == 20


async def test_a_count_below_one_can_never_hold(database: Database):
    with pytest.raises(PermanentError, match="asks for 0 addresses"):
        await assigned(await database.connect("assigner"), ready(count=0))


async def test_an_erased_client_leaves_doors_without_facts(database: Database):
    await add(database, street(5))
    connection = await database.connect("assigner")
    asked = ready(count=5)
    await assigned(connection, asked)

    await erased(connection, asked.event.client_id)

    [row] = await connection.fetch(
        "select count(*) as doors, count(assigned_at) as hours, count(address) as facts,"
        " count(job_id) as jobs from assignment"
    )
    assert tuple(row) == (5, 5, 0, 0)
    assert await connection.fetchval("select count(*) from delivered") == 0
    assert await connection.fetchval("select count(*) from choice") == 0


async def test_a_job_that_comes_after_the_erasure_fails_for_good(database: Database):
    await add(database, street(5))
    connection = await database.connect("assigner")
    client_id = uuid4()
    await erased(connection, client_id)
    await erased(connection, client_id)

    [told] = await assigned(connection, ready(client_id=client_id))

    assert isinstance(told, StepFailed)
    assert (told.step, told.permanent) == ("assign", True)
    assert await connection.fetchval("select count(*) from assignment") == 0


async def erased(connection: Connection, client_id: UUID):
    received = Received(id=uuid7(), event=ClientErased(client_id=client_id))
    async with connection.transaction():
        await erase([received], choices=PostgresChoices(connection, RULE))
