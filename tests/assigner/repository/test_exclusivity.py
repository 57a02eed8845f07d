"""A door that is one client's alone for some months, whoever asks for it at the same time."""

import asyncio
import uuid
from datetime import timedelta

import asyncpg
import pytest

from libs.common.ids import uuid7
from libs.common.postgres import Connection
from services.assigner.domain.choice import Rule
from services.assigner.repository.choices import PostgresChoices
from services.assigner.repository.upkeep import prune
from tests.assigner.stock import AGES, IN_WINDOW, TOWN, add, assigned, home, ready, request, street
from tests.support.database import Database
from tests.support.sessions import blocked

ALONE = Rule(ages=AGES, exclusivity_months=12)
OTHER_TOWN = "01004"


async def doors_of(connection: Connection, *clients: uuid.UUID) -> list[str]:
    rows = await connection.fetch(
        "select home_key from delivered where client_id = any($1)", list(clients)
    )
    return [row["home_key"] for row in rows]


async def test_two_clients_at_once_never_get_the_same_door_and_each_its_full_number(
    database: Database,
):
    """Rounds of two assigners that choose for two clients in the same towns, until all is given."""
    await add(database, street(60))
    await add(database, street(60, insee_code=OTHER_TOWN))
    connections = [await database.connect("assigner") for _ in range(2)]
    clients = [uuid.uuid4() for _ in connections]
    towns = [(TOWN, OTHER_TOWN), (OTHER_TOWN, TOWN)]

    for number in range(12):
        told = await asyncio.gather(
            *(
                assigned(connection, ready(client_id=client, count=5, cities=cities), rule=ALONE)
                for connection, client, cities in zip(connections, clients, towns, strict=True)
            )
        )
        assert [[each.found for each in events] for events in told] == [[5], [5]], number

    doors = await doors_of(connections[0], *clients)
    assert len(doors) == len(set(doors)) == 120


async def test_many_clients_in_batches_in_another_order_share_no_door_and_do_not_deadlock(
    database: Database,
):
    await add(database, street(100))
    await add(database, street(100, insee_code=OTHER_TOWN))
    clients = [uuid.uuid4() for _ in range(20)]
    jobs = [ready(client_id=client, cities=(TOWN, OTHER_TOWN)) for client in clients[:10]]
    jobs += [ready(client_id=client, cities=(OTHER_TOWN, TOWN)) for client in clients[10:]]
    connections = [await database.connect("assigner") for _ in range(4)]

    told = await asyncio.gather(
        *(
            assigned(connection, *(jobs[part::4][::-1] if part % 2 else jobs[part::4]), rule=ALONE)
            for part, connection in enumerate(connections)
        )
    )

    assert [each.found for events in told for each in events] == [10] * 20
    assert len(set(await doors_of(connections[0], *clients))) == 200


async def test_who_is_too_late_gets_what_is_left(database: Database):
    await add(database, street(7))
    connection = await database.connect("assigner")
    [first] = await assigned(connection, ready(count=5), rule=ALONE)

    complete, short = await assigned(connection, ready(count=5), rule=ALONE)

    assert complete.found == short.found == 2
    assert not set(first.address_ids) & set(complete.address_ids)


async def test_a_hold_ends_by_the_clock_and_its_row_goes_with_the_upkeep(database: Database):
    await add(database, [home(home_key="door", sold_on=IN_WINDOW)])
    connection = await database.connect("assigner")
    await assigned(connection, ready(count=1), rule=ALONE)

    [nothing] = await assigned(connection, ready(count=1), rule=ALONE)
    await database.advance(timedelta(days=366))
    [after] = await assigned(connection, ready(count=1), rule=ALONE)

    assert (nothing.found, after.found) == (0, 1)
    assert await connection.fetchval("select count(*) from hold") == 1
    await database.advance(timedelta(days=366))
    await prune(connection)
    assert await connection.fetchval("select count(*) from hold") == 0


async def test_without_exclusivity_nothing_is_held(database: Database):
    await add(database, street(1))
    connection = await database.connect("assigner")

    told = [await assigned(connection, ready(count=1)) for _ in range(2)]

    assert told[0][0].address_ids == told[1][0].address_ids
    assert await connection.fetchval("select count(*) from hold") == 0


async def test_an_erased_client_holds_nothing(database: Database):
    await add(database, street(1))
    connection = await database.connect("assigner")
    asked = ready(count=1)
    await assigned(connection, asked, rule=ALONE)

    async with connection.transaction():
        await PostgresChoices(connection, ALONE).erase([asked.event.client_id])
    [told] = await assigned(connection, ready(count=1), rule=ALONE)

    assert told.found == 1


async def test_without_the_lock_the_hold_refuses_a_door_that_is_taken_meanwhile(
    database: Database,
):
    """The wall behind the lock: the second waits for the first, fails whole, and may try again."""
    await add(database, street(3))
    first, second = [await database.connect("assigner") for _ in range(2)]

    async with second.transaction():
        async with first.transaction():
            await PostgresChoices(first, ALONE).choose([request(uuid7(), uuid.uuid4())])
            late = asyncio.create_task(
                PostgresChoices(second, ALONE).choose([request(uuid7(), uuid.uuid4())])
            )
            await blocked(database)
        with pytest.raises(asyncpg.NotNullViolationError):
            await late


async def test_however_many_towns_a_batch_names_few_locks_are_taken(database: Database):
    """The server has so many for all sessions together; without one left they all fail."""
    connection = await database.connect("assigner")
    clients = [uuid.uuid4() for _ in range(100)]

    async with connection.transaction():
        await PostgresChoices(connection, ALONE).lock(clients, [str(n) for n in range(30_000)])

        assert await connection.fetchval(LOCKS) in range(100, 357)


LOCKS = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
