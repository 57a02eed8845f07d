"""What senders say at the same moment is stored by one statement, and none for another's fault."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.notifier.repository.together import Together
from tests.support.database import Database


class Book:
    """Stores numbers, and remembers in which company they came."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on = asyncio.Event()

    async def store(self, connection: Connection, numbers: Sequence[int]) -> list[Any]:
        self.batches.append(list(numbers))
        await self.go_on.wait()
        rows = await connection.fetch("select 10 / n as share from unnest($1::int[]) as n", numbers)
        return [row["share"] for row in rows]


@pytest.fixture
async def book() -> Book:
    return Book()


async def begun(together: Together[int, int], *numbers: int) -> list["asyncio.Task[int]"]:
    tasks = [asyncio.create_task(together.store(number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_who_comes_while_a_commit_is_under_way_goes_with_the_next(
    database: Database, book: Book
):
    together = Together[int, int](database.url("notifier"), book.store)
    first = await begun(together, 1)
    while not book.batches:  # noqa: ASYNC110 - it connects first
        await asyncio.sleep(0.01)
    later = await begun(together, 2, 5)
    book.go_on.set()

    assert await asyncio.gather(*first, *later) == [10, 5, 2]
    assert book.batches == [[1], [2, 5]]
    await together.close()


async def test_one_that_cannot_be_stored_harms_no_other(database: Database, book: Book):
    book.go_on.set()
    together = Together[int, int](database.url("notifier"), book.store)

    answers = await asyncio.gather(*await begun(together, 1, 0, 5), return_exceptions=True)

    assert (answers[0], answers[2]) == (10, 2)
    assert "division by zero" in str(answers[1])
    await together.close()


async def test_what_nobody_waits_for_any_more_is_not_stored(database: Database, book: Book):
    together = Together[int, int](database.url("notifier"), book.store)
    first = await begun(together, 1)
    while not book.batches:  # noqa: ASYNC110 - it connects first
        await asyncio.sleep(0.01)
    [given_up, kept] = await begun(together, 2, 5)
    given_up.cancel()
    await asyncio.sleep(0)
    book.go_on.set()

    assert await asyncio.gather(*first, kept) == [10, 2]
    assert book.batches == [[1], [5]]
    await together.close()


async def test_a_server_that_is_away_is_said_to_all_and_tried_by_the_next(database: Database):
    async def store(connection: Connection, numbers: Sequence[int]) -> list[int]:
        pid: Any = await connection.fetchval("select pg_backend_pid()")
        if 0 in numbers:
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")
        return [pid] * len(numbers)

    together = Together[int, int](database.url("notifier"), store)
    [before] = await asyncio.gather(*await begun(together, 1))
    lost = await asyncio.gather(*await begun(together, 0, 2), return_exceptions=True)
    [after] = await asyncio.gather(*await begun(together, 3))

    assert all(isinstance(answer, Exception) for answer in lost)
    assert before != after
    await together.close()
