"""What a consumer makes of errors, and of the end of its transactions."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from libs.common import postgres
from libs.common.consumer import consume, consume_held
from libs.common.postgres import Connection
from tests.common.consuming import announce, consumer, erased, held, message, outbox, ready
from tests.support.database import Database


@pytest.fixture
async def connection(database: Database) -> Connection:
    return await database.connect("assigner")


async def test_a_statement_called_wrongly_is_a_bug_not_a_lost_connection(
    connection: Connection,
) -> None:
    async def forgetful(connection: Connection, *_: Any) -> None:
        await connection.fetchval("select $1::int")

    await consume(connection, consumer(forgetful), [message(erased())])

    assert (await held(connection))["state"] == "waiting"


async def test_words_of_postgres_about_a_row_stay_inside(connection: Connection) -> None:
    async def refused(connection: Connection, *_: Any) -> None:
        await connection.execute("create temp table person (name text check (name = 'x'))")
        await connection.execute("insert into person values ('Ada Martin')")

    await consume(connection, consumer(refused), [message(ready()), message(erased())])

    [(_, failed, _)] = await outbox(connection)
    assert failed["reason"] == "An error on our side: CheckViolationError"
    error = (await held(connection))["error"]
    assert "person_name_check" in error
    assert "Ada" not in error


async def test_no_message_is_blamed_for_a_full_disk(connection: Connection) -> None:
    async def full(*_: Any) -> None:
        raise asyncpg.DiskFullError("could not extend file: No space left on device")

    with pytest.raises(postgres.LostError):
        await consume(connection, consumer(full), [message(ready())])

    assert await outbox(connection) == []


class Wake(asyncio.Event):
    """Notes whether the transaction had ended when the relay was woken."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection, self.after_commit = connection, list[bool]()

    def set(self) -> None:
        self.after_commit.append(not self.connection.is_in_transaction())
        super().set()


async def test_the_relay_is_woken_after_the_commit(
    database: Database, connection: Connection
) -> None:
    wake = Wake(connection)
    announcing = msgspec.structs.replace(consumer(announce), wake=wake)
    await consume(connection, announcing, [message(erased())])
    assert wake.after_commit == [True]

    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    await consume(connection, consumer(broken), [message(erased())])
    await database.advance(timedelta(minutes=1))
    wake.after_commit.clear()
    assert await consume_held(connection, announcing)

    assert wake.after_commit == [True]
