import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from hashlib import sha256

import asyncpg
import pytest

from libs.common import postgres
from services.gateway.repository import rate
from services.gateway.repository.connections import Connections
from services.gateway.repository.rate import Counter
from tests.support.database import Database

KEY, OTHER = sha256(b"one").digest(), sha256(b"other").digest()
HOUR = timedelta(hours=1)

NewCounter = Callable[[], Counter]


@pytest.fixture
def new_counter(database: Database) -> NewCounter:
    return lambda: Counter(Connections(partial(database.connect, "gateway"), size=1).lend, HOUR)


async def numbers(counter: Counter, count: int, key: bytes = KEY) -> list[int]:
    counted = await asyncio.gather(*(counter.count(key) for _ in range(count)))
    return [each.number for each in counted]


async def test_each_request_has_a_number_of_its_own(new_counter: NewCounter) -> None:
    counter = new_counter()
    assert await numbers(counter, 50) == list(range(1, 51))
    assert await numbers(counter, 2) == [51, 52]
    assert await numbers(counter, 1, OTHER) == [1]


async def test_many_counters_never_give_a_number_twice(new_counter: NewCounter) -> None:
    async def one_by_one(counter: Counter) -> list[int]:
        return [number for _ in range(20) for number in await numbers(counter, 3)]

    found = await asyncio.gather(*(one_by_one(new_counter()) for _ in range(4)))
    assert sorted(number for each in found for number in each) == list(range(1, 241))


async def test_counters_of_many_keys_do_not_lock_each_other_out(new_counter: NewCounter) -> None:
    first, second = new_counter(), new_counter()
    keys = [sha256(bytes([n])).digest() for n in range(100)]
    for _ in range(5):
        await asyncio.gather(*map(first.count, keys), *map(second.count, reversed(keys)))
    assert await numbers(first, 1, keys[7]) == [11]


async def test_the_window_begins_with_the_first_request_and_ends(
    database: Database, new_counter: NewCounter
) -> None:
    counter = new_counter()
    assert (await counter.count(KEY)).seconds_left == 3600
    await database.advance(timedelta(minutes=59))
    late = await counter.count(KEY)
    assert (late.number, late.seconds_left) == (2, 60)
    await database.advance(timedelta(minutes=1))
    anew = await counter.count(KEY)
    assert (anew.number, anew.seconds_left) == (1, 3600)


async def test_a_caller_who_goes_away_holds_up_nobody(new_counter: NewCounter) -> None:
    counter = new_counter()
    gone, stays = (asyncio.create_task(counter.count(KEY)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).number == 2


async def test_a_lost_connection_is_told_and_then_replaced(
    database: Database, new_counter: NewCounter
) -> None:
    counter, admin = new_counter(), await database.connect()
    await counter.count(KEY)
    async with admin.transaction():
        await admin.execute("lock table gateway.rate")
        waiting = asyncio.create_task(counter.count(KEY))
        while not await admin.fetchval(  # noqa: ASYNC110 - a lock that waits is no event
            "select pg_terminate_backend(pid) from pg_locks where not granted"
        ):
            await asyncio.sleep(0.01)
        with pytest.raises(postgres.AWAY):
            await waiting
    assert (await counter.count(KEY)).number == 2


async def test_every_caller_hears_that_postgresql_is_away() -> None:
    async def away() -> asyncpg.Connection:
        await asyncio.sleep(0)
        raise ConnectionRefusedError

    counter = Counter(Connections(away, size=1).lend, HOUR)
    told = await asyncio.gather(*(counter.count(KEY) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in told] == [ConnectionRefusedError] * 3


async def test_the_count_waits_for_no_disk(database: Database) -> None:
    connection = await rate.without_waiting(partial(database.connect, "gateway"))
    assert await connection.fetchval("show synchronous_commit") == "off"


async def test_only_windows_that_have_ended_are_forgotten(
    database: Database, new_counter: NewCounter
) -> None:
    counter, conn = new_counter(), await database.connect("gateway")
    await counter.count(OTHER)
    await database.advance(HOUR)
    await counter.count(KEY)
    assert await rate.prune(conn, HOUR) == 1
    assert await conn.fetchval("select key_hash from rate") == KEY
