import asyncio
from contextlib import suppress
from functools import partial

import asyncpg
import pytest

from services.gateway.repository import connections
from services.gateway.repository.connections import Connections
from tests.support.database import Database


@pytest.fixture
def two(database: Database) -> Connections:
    return Connections(partial(database.connect, "gateway"), size=2)


async def pid(lender: Connections) -> int:
    async with lender.lend() as connection:
        return int(str(await connection.fetchval("select pg_backend_pid()")))


async def test_one_after_another_uses_the_same_connection(two: Connections) -> None:
    assert await pid(two) == await pid(two)


async def test_no_more_are_open_than_there_are_places(two: Connections) -> None:
    assert len(set(await asyncio.gather(*(pid(two) for _ in range(20))))) == 2


async def test_who_waits_too_long_is_told(
    two: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE_SECONDS", 0.05)
    async with two.lend(), two.lend():
        with pytest.raises(TimeoutError):
            await pid(two)
    assert await pid(two)


async def test_a_refused_statement_keeps_its_connection(two: Connections) -> None:
    before = await pid(two)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with two.lend() as connection:
            await connection.execute("select from nowhere")
    assert await pid(two) == before


async def test_a_lost_connection_is_replaced(two: Connections, database: Database) -> None:
    before, admin = await pid(two), await database.connect()
    await admin.execute("select pg_terminate_backend($1, 5000)", before)
    with suppress(asyncpg.PostgresConnectionError):  # the news may come with the next statement
        await pid(two)
    assert await pid(two) != before


async def test_what_is_left_open_does_not_reach_the_next(two: Connections) -> None:
    async with two.lend() as connection:
        await connection.execute("begin; create temp table left_behind ()")
    async with two.lend() as connection:
        assert not connection.is_in_transaction()
        assert await connection.fetchval("select to_regclass('left_behind')") is None


async def test_a_cancelled_statement_takes_its_connection_along(two: Connections) -> None:
    before = await pid(two)
    running = asyncio.Event()

    async def work() -> None:
        async with two.lend() as connection:
            running.set()
            await connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(work())
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await pid(two) != before


async def test_a_statement_that_took_too_long_takes_its_connection_along(two: Connections) -> None:
    before = await pid(two)
    with pytest.raises(TimeoutError):
        async with two.lend() as connection:
            await connection.execute("select pg_sleep(60)", timeout=0.05)
    assert await pid(two) != before


async def test_a_connection_that_rested_long_is_not_trusted(
    two: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await pid(two)
    monkeypatch.setattr(connections, "REST_SECONDS", -1.0)
    assert await pid(two) != before


async def test_a_failure_to_connect_gives_the_place_back() -> None:
    attempts = 0

    async def connect() -> asyncpg.Connection:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0)
        raise ConnectionRefusedError

    lender = Connections(connect, size=1)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await pid(lender)
    assert attempts == 3
