"""The choice itself: its law, its reproducibility, and that no door is given twice."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common.ids import uuid7
from services.assigner.repository.choices import CHOOSE, PostgresChoices
from tests.assigner.stock import IN_WINDOW, RULE, add, assigned, home, ready, request, street
from tests.support.database import Database

# Of each home among n: its weight, and how often it is drawn first over many seeds. The keys come
# from the function that the choice itself uses.
FIRST_DRAWS = """
    select weight, count(seed) as drawn
    from generate_series(1, $1::int) as weight left join (
      select distinct on (seed) seed, weight as first
      from generate_series(1, $2::int) as seed, generate_series(1, $1::int) as weight
      order by seed, assigner.draw_key(seed * 7919, encode(sha256(weight::text::bytea), 'hex'), weight)
    ) as drawing on first = weight
    group by weight order by weight
"""


@pytest.mark.parametrize("homes", [11, 50, 137, 500])
async def test_the_first_draw_follows_the_stated_weights(database: Database, homes: int):
    draws = 400_000 // homes
    connection = await database.connect("assigner")

    rows = await connection.fetch(FIRST_DRAWS, homes, draws)

    total = homes * (homes + 1) / 2
    chi_square = _chi_square([(row["drawn"], draws * row["weight"] / total) for row in rows])
    assert chi_square < 4, "standard deviations from what the weights say"


def _chi_square(cells: list[tuple[int, float]]) -> float:
    """How many standard deviations too large chi-square is; cells are joined until 5 are expected."""
    joined: list[tuple[float, float]] = []
    drawn, expected = 0.0, 0.0
    for each_drawn, each_expected in cells:
        drawn, expected = drawn + each_drawn, expected + each_expected
        if expected >= 5:
            joined.append((drawn, expected))
            drawn, expected = 0.0, 0.0
    freedom = len(joined) - 1
    total = sum((drawn - expected) ** 2 / expected for drawn, expected in joined)
    return (total - freedom) / (2 * freedom) ** 0.5


async def test_every_number_of_candidates_from_11_to_500_can_be_chosen_from(database: Database):
    """Each job on a town of its own: 490 towns of 11 to 500 homes, ten of each chosen."""
    admin = await database.connect()
    await admin.execute("""
        insert into scraper.property (
          property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
          postal_code, city_name, price_eur, source, edition, file_sha256, line)
        select gen_random_uuid(), gen_random_uuid(), n || ' ' || i, lpad(n::text, 5, '0'),
               date '2018-11-21' + i, 'house', true, true, '1 RUE', '01000', 'Bourg', 1, 's', 'e',
               repeat('0', 64), 1
        from generate_series(11, 500) as n, generate_series(1, n) as i
    """)
    connection = await database.connect("assigner")
    jobs = [ready(cities=(f"{homes:05d}",), seed=homes) for homes in range(11, 501)]

    told = await assigned(connection, *jobs)

    assert [each.found for each in told] == [10] * 490
    # Ranks by age, 0 the oldest: with weights n - i the mean of ten first draws lies near a third.
    mean: Any = await admin.fetchval("""
        select avg((sold_on - date '2018-11-22')::float / (insee_code::int - 1))
        from assigner.assignment where insee_code::int > 100
    """)
    assert 0.31 < mean < 0.37


async def test_a_job_on_the_same_stock_always_chooses_the_same(database: Database):
    await add(database, street(200))
    connection = await database.connect("assigner")

    first, other, same = [
        (await assigned(connection, ready(count=20, seed=seed)))[0].address_ids
        for seed in (-(2**63), 2**63 - 1, -(2**63))
    ]

    assert first == same
    assert first != other


async def test_of_the_candidates_only_the_winners_rows_are_read(database: Database):
    """The choice costs the same in a stock of millions: all it compares stands in one index."""
    connection = await database.connect("assigner")
    for other_way in ("seqscan", "bitmapscan", "indexscan"):
        await connection.execute(f"set enable_{other_way} = off")

    plan = await connection.fetch(f"explain {CHOOSE}", [request(uuid7(), uuid.uuid4())], "weighted")

    scans = [row[0] for row in plan if " on property " in row[0]]
    assert [scan.split(" on ")[0].strip() for scan in scans] == [
        "->  Index Only Scan using property_choice"
    ]


async def test_equal_days_of_sale_rank_by_id(database: Database):
    """Weights, and so the draw, do not depend on the order in which rows lie in the table."""
    homes = [home(sold_on=IN_WINDOW) for _ in range(50)]
    await add(database, homes)
    connection = await database.connect("assigner")
    [before] = await assigned(connection, ready())
    admin = await database.connect()
    await admin.execute("delete from scraper.property")
    await add(database, reversed(homes))

    [after] = await assigned(connection, ready())

    assert before.address_ids == after.address_ids


async def test_the_facts_stay_as_they_were_delivered(database: Database):
    await add(database, [home(home_key="door", address="1 RUE HAUTE", price_eur=100_000)])
    await assigned(await database.connect("assigner"), ready())
    admin = await database.connect()
    await admin.execute("update scraper.property set address = 'CHANGED', price_eur = 1")

    reader = await database.connect("notifier")
    row = await reader.fetchrow("select address, price_eur, rooms, source from assigner.delivered")

    assert row is not None
    assert tuple(row) == ("1 RUE HAUTE", 100_000, 4, "geo-dvf")


async def test_two_assigners_at_once_share_no_door_and_lose_none(database: Database):
    await add(database, street(40))
    client_id = uuid.uuid4()
    connections = [await database.connect("assigner") for _ in range(4)]

    told = await asyncio.gather(
        *(assigned(connection, ready(client_id=client_id)) for connection in connections)
    )

    doors = [door for each in told for event in each for door in event.address_ids]
    assert len(doors) == len(set(doors)) == 40


async def test_assigners_with_the_same_clients_in_another_order_do_not_deadlock(
    database: Database,
):
    await add(database, street(100))
    clients = [uuid.uuid4() for _ in range(20)]
    connections = [await database.connect("assigner") for _ in range(2)]

    told = await asyncio.gather(
        assigned(connections[0], *(ready(client_id=client) for client in clients)),
        assigned(connections[1], *(ready(client_id=client) for client in reversed(clients))),
    )

    assert [len(each) for each in told] == [20, 20]


async def test_without_the_lock_the_key_refuses_a_door_that_is_given_meanwhile(database: Database):
    """The wall behind the lock: the second transaction fails whole, and may try again."""
    await add(database, street(3))
    client_id = uuid.uuid4()
    first, second = [await database.connect("assigner") for _ in range(2)]
    async with second.transaction(isolation="repeatable_read"):
        await second.fetchval("select count(*) from assignment")
        async with first.transaction():
            await PostgresChoices(first, RULE).choose([request(uuid7(), client_id)])

        with pytest.raises(asyncpg.UniqueViolationError):
            await PostgresChoices(second, RULE).choose([request(uuid7(), client_id)])


asked = st.tuples(st.integers(0, 2), st.integers(1, 6), st.integers(-(2**63), 2**63 - 1))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(asked, min_size=1, max_size=4), max_size=4))
async def test_no_sequence_of_jobs_gives_a_door_twice_or_more_than_asked(
    database: Database, batches: list[list[tuple[int, int, int]]]
):
    """Whatever comes together or one after another: found is what was asked, or what was left."""
    stock = [home(sold_on=IN_WINDOW + timedelta(days=day)) for day in range(8)]
    admin = await database.connect()
    await admin.execute("delete from scraper.property")
    await add(database, stock)
    connection = await database.connect("assigner")
    clients = [uuid.uuid4() for _ in range(3)]
    left = dict.fromkeys(clients, 8)

    for batch in batches:
        jobs = [ready(client_id=clients[c], count=k, seed=seed) for c, k, seed in batch]
        told = await assigned(connection, *jobs)
        found = {event.job_id: event.found for event in told}
        for job in jobs:
            event = job.event
            assert found[event.job_id] == min(event.count, left[event.client_id])
            left[event.client_id] -= found[event.job_id]

    given_doors = await connection.fetch(
        "select home_key from delivered where client_id = any($1)", clients
    )
    assert {row["home_key"] for row in given_doors} <= {each.home_key for each in stock}
