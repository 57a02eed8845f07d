"""Of jobs and homes: each wrong thing turns red what it breaks, and no more."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.assigner.stock import ADD, home
from tests.faults.history import TOWN
from tests.faults.world import World

STRANGER = UUID(int=7)

JOBS = {
    "a job is gone": """
        delete from gateway.job where id = (
          select id from gateway.job where kind = 'process' and status = 'completed' limit 1)
    """,
    "a client is gone": """
        delete from gateway.client
        where id = (select client_id from notifier.mail where kind = 'monthly')
    """,
    "a client due has no delivery": """
        with given as (delete from gateway.monthly_delivery returning job_id), counted as (
          update gateway.tick_handled set clients = 0)
        update gateway.job set kind = 'process' from given where id = job_id
    """,
    "somebody is delivered who is not due": """
        with counted as (update gateway.tick_handled set clients = 2)
        insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
        select other.client_id, month, due_on, uuidv7(), late
        from gateway.monthly_delivery
        cross join (select client_id from notifier.mail where kind = 'monthly') as other
    """,
    "a scheduled job has no delivery": """
        update gateway.job set kind = 'scheduled' where status = 'failed'
    """,
    "two jobs of a client are open at once": """
        with pair as (
          select (array_agg(id order by created_at))[1] as earlier,
                 (array_agg(id order by created_at))[2] as later
          from gateway.job group by client_id having count(*) = 2
        ), moved as (
          select (select min(seq) from gateway.movement where job_id = earlier) as begun,
                 (select min(seq) from gateway.movement where job_id = later) as first
          from pair
        )
        update gateway.movement
        set seq = case when seq = first then begun * 1000 + 1 else seq * 1000 end from moved
    """,
}

CHOICES = {
    "another home was given": """
        with candidate as (
          select property_id, home_key from scraper.candidate
          where insee_code = '01053' and home_key not in (
            select home_key from assigner.assignment) order by 1 limit 1
        ), named as (
          insert into assigner.home select home_key, uuidv7() from candidate returning *
        ), told as (
          update assigner.outbox set payload = convert_to(replace(
              convert_from(payload, 'UTF8'), known.address_id::text, named.address_id::text), 'UTF8')
          from named, assigner.home known join assigner.assignment a using (home_key)
          where position = 1 and job_id = (select job_id from gateway.monthly_delivery)
        )
        update assigner.assignment a
        set home_key = candidate.home_key, property_id = candidate.property_id
        from candidate
        where position = 1 and job_id = (select job_id from gateway.monthly_delivery)
    """,
    "other homes were said": """
        update assigner.outbox
        set payload = convert_to((convert_from(payload, 'UTF8')::jsonb || '{"address_ids": []}')::text, 'UTF8')
        where topic = 'properties.assigned'
    """,
    "chosen by another seed": "update assigner.choice set seed = seed + 1 where found = 5",
    "chosen for fewer": "update gateway.job set count = 6 where kind = 'scheduled'",
    "the job says another number": """
        update gateway.job set properties_assigned = 4 where kind = 'scheduled'
    """,
}

SHOWN = {
    "completed without a choice": """
        with unchosen as (
          delete from assigner.choice where job_id = (select job_id from gateway.monthly_delivery))
        delete from assigner.assignment where job_id = (select job_id from gateway.monthly_delivery)
    """,
    "a home fewer": """
        with fewer as (
          update assigner.choice set found = 4
          where job_id = (select job_id from gateway.monthly_delivery))
        delete from assigner.assignment
        where position = 5 and job_id = (select job_id from gateway.monthly_delivery)
    """,
    "another order": """
        update assigner.assignment set position = 16 - position
        where job_id = (select job_id from gateway.monthly_delivery)
    """,
}
"""What the mail shows too."""

TWICE = (
    "alter table assigner.assignment drop constraint assignment_pkey cascade",
    """
        insert into assigner.assignment (client_id, home_key)
        select client_id, home_key from assigner.assignment
        where job_id = (select job_id from gateway.monthly_delivery) limit 1
    """,
)

CLOCK_SET_BACK = """
    update assigner.choice set chosen_at = '2026-11-16'::timestamptz - (chosen_at - '2026-11-16')
"""


@pytest.mark.parametrize("says", JOBS)
async def test_jobs(world: World, says: str) -> None:
    await world.plant(JOBS[says])

    assert await world.red() == {"I1"}


async def test_what_was_accepted_is_there(world: World) -> None:
    world.ledger.jobs[STRANGER] = STRANGER

    assert await world.red() == {"I1"}


async def test_nobody_works_for_nobody(world: World) -> None:
    world.ledger.jobs.popitem()

    assert await world.red() == {"I1"}


async def test_what_failed_had_to_fail(world: World) -> None:
    world.ledger.may_fail.clear()

    assert await world.red() == {"I1"}


async def test_who_is_due_twice_has_two_deliveries(world: World) -> None:
    [client_id] = world.ledger.due
    world.ledger.deliveries[client_id] = 2

    assert await world.red() == {"I1"}


@pytest.mark.parametrize("says", CHOICES)
async def test_choices(world: World, says: str) -> None:
    await world.plant(CHOICES[says])

    assert await world.red() == {"I6"}


@pytest.mark.parametrize("says", SHOWN)
async def test_choices_that_mails_show(world: World, says: str) -> None:
    await world.plant(SHOWN[says])

    assert await world.red() == {"I2", "I6"}


async def test_no_door_twice(world: World) -> None:
    await world.plant(*TWICE)

    assert await world.red() == {"I6"}


async def test_choices_follow_each_other_whatever_the_clock_showed(world: World) -> None:
    await world.plant(CLOCK_SET_BACK)

    assert await world.red() == set()


async def test_stock_that_came_too_late_shows(world: World) -> None:
    await world.connection.execute(ADD, [home(insee_code=TOWN) for _ in range(400)])

    assert await world.red() == {"I6"}


async def test_a_choice_from_what_the_sources_gave_is_judged_by_that(world: World) -> None:
    world.ledger.partial_stock = True
    await world.connection.execute(ADD, [home(insee_code=TOWN) for _ in range(400)])
    later = timedelta(hours=1)
    await world.connection.execute(
        "update scraper.property set loaded_at = loaded_at + $1 where address like '12 B %'", later
    )

    assert await world.red() == set()
