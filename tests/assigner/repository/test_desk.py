"""What the gateway asks of the assigner's schema: follow-up, reset, preview, history."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.assigner.domain.choice import Rule
from services.assigner.repository.choices import PostgresChoices
from services.assigner.repository.upkeep import prune, tell_rule
from tests.assigner.stock import AGES, RULE, TOWN, add, assigned, home, ready, street
from tests.support.database import Database

PREVIEW = "select * from assigner.preview_choice($1, $2, $3, $4, $5)"
FOLLOW = "select * from assigner.follow_up($1, $2, $3)"
HISTORY = "select status, notes from assigner.followed where client_id = $1 order by id"


async def followed(gateway: Connection, client: object, address: object, **change: Any) -> Any:
    return await gateway.fetchrow(FOLLOW, client, address, change)


async def test_a_follow_up_sets_what_is_named_and_keeps_each_state(database: Database):
    await add(database, street(1))
    asked = ready(count=1)
    [told] = await assigned(await database.connect("assigner"), asked)
    client, (address,) = asked.event.client_id, told.address_ids
    gateway = await database.connect("gateway")

    first = await followed(gateway, client, address, status="contacted", notes="rappeler")
    second = await followed(gateway, client, address, contact_date="2026-11-20", notes=None)
    seen = await followed(gateway, client, address)
    same = await followed(gateway, client, address, status="contacted", notes=None)

    assert (first["follow_status"], first["notes"]) == ("contacted", "rappeler")
    assert (second["follow_status"], second["notes"]) == ("contacted", None)
    assert second["contact_date"] == date(2026, 11, 20)
    assert second["followed_at"] > first["followed_at"]
    assert seen == same == second
    assert await gateway.fetch(HISTORY, client) == [("contacted", "rappeler"), ("contacted", None)]


async def test_a_door_that_the_client_has_not_received_cannot_be_followed(database: Database):
    await add(database, street(1))
    [told] = await assigned(await database.connect("assigner"), ready(count=1))
    gateway = await database.connect("gateway")

    assert await followed(gateway, uuid.uuid4(), told.address_ids[0], status="sold") is None
    assert await followed(gateway, uuid.uuid4(), uuid.uuid4(), status="sold") is None


async def reset_and_restored(database: Database) -> tuple[Connection, uuid.UUID, Sequence[Any]]:
    """A client with three doors, one followed, all reset."""
    await add(database, street(3))
    asked = ready(count=3)
    [told] = await assigned(await database.connect("assigner"), asked)
    gateway, client = await database.connect("gateway"), asked.event.client_id
    await followed(gateway, client, told.address_ids[0], status="meeting", notes="samedi")
    before = await gateway.fetch("select * from assigner.delivered order by home_key")
    assert await gateway.fetchval("select assigner.reset($1)", client) == 3
    return gateway, client, before


async def test_what_was_reset_may_be_chosen_again_and_begins_anew(database: Database):
    gateway, client, _ = await reset_and_restored(database)
    assert await gateway.fetchval("select count(*) from assigner.delivered") == 0
    assert await gateway.fetchval("select assigner.reset($1)", client) == 0

    [again] = await assigned(await database.connect("assigner"), ready(client_id=client, count=3))

    assert again.found == 3
    assert await gateway.fetch("select distinct follow_status from assigner.delivered") == [
        ("new",)
    ]


async def test_a_reset_is_restored_as_it_was(database: Database):
    gateway, client, before = await reset_and_restored(database)
    admin = await database.connect()
    at = await admin.fetchval("select distinct reset_at from assigner.reset_assignment")

    restored = await admin.fetchval("select assigner.restore($1, $2)", client, at)

    assert restored == 3
    assert await gateway.fetch("select * from assigner.delivered order by home_key") == before
    assert await gateway.fetch(HISTORY, client) == [("meeting", "samedi")]
    assert await admin.fetchval("select count(*) from assigner.reset_assignment") == 0
    assert await admin.fetchval("select assigner.restore($1, $2)", client, at) == 0


async def test_what_was_given_again_meanwhile_stays_as_it_is(database: Database):
    _, client, before = await reset_and_restored(database)
    admin = await database.connect()
    await assigned(await database.connect("assigner"), ready(client_id=client, count=1))
    at = await admin.fetchval("select distinct reset_at from assigner.reset_assignment")

    assert await admin.fetchval("select assigner.restore($1, $2)", client, at) == 2

    doors = await admin.fetch("select home_key from assigner.delivered order by 1")
    assert [row["home_key"] for row in doors] == [row["home_key"] for row in before]


async def test_a_failed_job_whose_choice_is_forgotten_chooses_anew(database: Database):
    await add(database, street(3))
    connection = await database.connect("assigner")
    asked = ready(count=3)
    await assigned(connection, asked)
    gateway, client = await database.connect("gateway"), asked.event.client_id
    async with gateway.transaction():
        await gateway.execute("select assigner.reset($1)", client)
        forget = "select assigner.forget_choices($1, $2)"
        assert await gateway.fetchval(forget, client, [asked.event.job_id]) == 1
    await add(database, street(1))

    [told] = await assigned(connection, asked)

    assert told.found == 3
    assert await connection.fetchval("select count(*) from delivered") == 3
    admin = await database.connect()
    at = await admin.fetchval("select distinct reset_at from assigner.reset_assignment")
    assert await admin.fetchval("select assigner.restore($1, $2)", client, at) == 0


async def test_resets_are_kept_for_30_days(database: Database):
    await reset_and_restored(database)
    connection = await database.connect("assigner")
    kept = "select count(*) from reset_assignment"

    await database.advance(timedelta(days=29))
    await prune(connection)
    assert await connection.fetchval(kept) == 3
    await database.advance(timedelta(days=2))
    await prune(connection)
    assert await connection.fetchval(kept) == 0


async def test_an_erased_client_leaves_no_follow_up_no_history_and_no_reset(database: Database):
    _, client, _ = await reset_and_restored(database)
    connection = await database.connect("assigner")
    [told] = await assigned(connection, ready(client_id=client, count=1))
    gateway = await database.connect("gateway")
    await followed(gateway, client, told.address_ids[0], notes="Mme Martin, 06 00 00 00 00")

    async with connection.transaction():
        await PostgresChoices(connection, RULE).erase([client])

    left = await connection.fetchrow(
        "select (select count(*) from follow_up), (select count(*) from follow_up_history),"
        " (select count(*) from reset_assignment)"
    )
    assert tuple(left or ()) == (0, 0, 0)


@pytest.mark.parametrize("rule", [RULE, Rule(ages=AGES, strategy="monthly", exclusivity_months=6)])
async def test_a_preview_is_what_a_job_of_the_same_seed_gets_and_writes_nothing(
    database: Database, rule: Rule
):
    await add(database, [home(sold_on=date(2019, 1, 1) + timedelta(days=day)) for day in range(90)])
    connection = await database.connect("assigner")
    await tell_rule(connection, rule)
    gateway, asked = await database.connect("gateway"), ready(count=7, seed=99)

    shown = await gateway.fetch(PREVIEW, asked.event.client_id, 7, [TOWN], ["house"], 99)
    assert await connection.fetchval("select count(*) from choice") == 0
    await assigned(connection, asked, rule=rule)

    given = await connection.fetch("select home_key, address from delivered order by position")
    assert [(row["home_key"], row["address"]) for row in shown] == given


async def test_doors_of_the_old_system_are_never_given_nor_shown(database: Database):
    await add(database, [home(home_key=f"door-{number}") for number in range(5)])
    connection, gateway = await database.connect("assigner"), await database.connect("gateway")
    asked = ready(count=5)
    client = str(asked.event.client_id)
    record = "select assigner.record_history($1)"
    rows = [
        {"client_id": client, "home_keys": ["door-1", "door-2"], "assigned_at": "2024-05-01"},
        {"client_id": client, "home_keys": ["door-2", "elsewhere"], "assigned_at": None},
    ]

    added = [await gateway.fetchval(record, rows) for _ in range(2)]
    complete, short = await assigned(connection, asked)

    assert added == [3, 0]
    assert complete.found == short.found == 3
    shown = await gateway.fetch("select home_key from assigner.delivered")
    assert {row["home_key"] for row in shown} == {"door-0", "door-3", "door-4"}
    assert await gateway.fetchval("select assigner.reset($1)", asked.event.client_id) == 3
    assert await connection.fetchval("select count(*) from assignment") == 3


async def test_the_planner_keeps_no_sample_of_what_an_agent_wrote(database: Database):
    await add(database, street(3))
    asked = ready(count=3)
    [told] = await assigned(await database.connect("assigner"), asked)
    gateway, client = await database.connect("gateway"), asked.event.client_id
    words = {"notes": "Mme Martin", "sale_horizon": "si M. Martin part"}
    for _ in range(2):
        for address in told.address_ids:
            await followed(gateway, client, address, **words)
        await gateway.execute("select assigner.reset($1)", client)
        await assigned(await database.connect("assigner"), ready(client_id=client, count=3))
    for address in told.address_ids:
        await followed(gateway, client, address, **words)
    admin = await database.connect()

    await admin.execute("analyze assigner.follow_up")
    await admin.execute("analyze assigner.follow_up_history")
    await admin.execute("analyze assigner.reset_assignment")

    sampled = await admin.fetch(
        "select tablename, attname from pg_stats"
        " where schemaname = 'assigner' and pg_stats::text ~ 'Martin'"
    )
    assert sampled == []
