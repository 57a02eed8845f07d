from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from libs.common.postgres import Connection
from services.gateway import main
from services.gateway.repository import idempotency
from services.gateway.repository.idempotency import Asked, Stored
from tests.gateway.routes.conftest import settings
from tests.support.database import Database

STORED = Stored(request_hash=b"r" * 32, status=201, headers={"ETag": '"1"'}, body=b"{}")


def asked(key: str) -> Asked:
    return Asked(principal=b"p" * 32, route="POST /api/clients", key=key, lock=7)


async def test_what_was_stored_is_found_as_it_was(conn: Connection) -> None:
    await idempotency.store(conn, asked("one"), STORED, None)
    assert await idempotency.find(conn, asked("one")) == STORED
    assert await idempotency.find(conn, asked("two")) is None


async def test_one_at_a_time_holds_a_request_until_its_transaction_ends(
    conn: Connection, database: Database
) -> None:
    other = await database.connect("gateway")
    async with conn.transaction():
        assert await idempotency.begin(conn, asked("one"))
        async with other.transaction():
            assert not await idempotency.begin(other, asked("one"))
    async with other.transaction():
        assert await idempotency.begin(other, asked("one"))


async def test_what_is_old_goes_in_small_batches_and_waits_for_nobody(
    conn: Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "BATCH_ROWS", 2)
    for number in range(5):
        await idempotency.store(conn, asked(str(number)), STORED, None)
    await database.advance(timedelta(days=1))
    await idempotency.store(conn, asked("new"), STORED, None)
    other = await database.connect("gateway")
    async with other.transaction():
        await other.execute("select from idempotency where key = '3' for update")
        assert await idempotency.prune(conn) == 4
    assert await idempotency.prune(conn) == 1
    assert await conn.fetchval("select key from idempotency") == "new"


async def test_the_gateway_prunes_answers_with_its_windows(
    conn: Connection, database: Database
) -> None:
    @asynccontextmanager
    async def reading() -> AsyncGenerator[Connection]:
        yield conn

    await idempotency.store(conn, asked("old"), STORED, None)
    await database.advance(timedelta(days=1))
    await main.prune(reading, settings())
    assert not await conn.fetchval("select exists (select from idempotency)")
