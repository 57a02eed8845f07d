"""Movements are numbered in the order of commits."""

import asyncio

import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import NewJob
from tests.support.database import Database

MOVE = "insert into movement (job_id, run, step, state) values ($1, 1, 'mail', 'running')"
LAST = (
    "select array_agg(job_id order by seq) from movement where state = 'running' and step = 'mail'"
)


async def test_numbers_follow_commits_not_inserts(
    database: Database, conn: Connection, new_job: NewJob
) -> None:
    first, second = await new_job(), await new_job()
    slow = await database.connect("gateway")
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute(MOVE, first)
    await conn.execute(MOVE, second)
    await transaction.commit()
    assert await conn.fetchval(LAST) == [second, first]


async def test_a_reader_never_sees_a_number_below_one_it_has_seen(
    database: Database, conn: Connection, new_job: NewJob
) -> None:
    jobs = [await new_job() for _ in range(8)]
    seen: list[int] = []

    async def write(job_id: object) -> None:
        own = await database.connect("gateway")
        for _ in range(20):
            async with own.transaction():
                await own.execute(MOVE, job_id)
                await asyncio.sleep(0)

    async def read(writers: "asyncio.Future[list[None]]") -> None:
        while not writers.done():
            last = max(seen, default=0)
            rows = await conn.fetch("select seq from movement where seq > $1 order by seq", last)
            seen.extend(row["seq"] for row in rows)
            await asyncio.sleep(0)

    await read(asyncio.gather(*map(write, jobs)))
    total = await conn.fetchval("select count(*) from movement where seq <= $1", max(seen))
    assert len(seen) == total


@pytest.mark.parametrize("step, state", [("scrape", "sent"), ("mail", "done"), ("job", "running")])
async def test_a_step_has_only_its_own_states(
    conn: Connection, new_job: NewJob, step: str, state: str
) -> None:
    job_id = await new_job()
    statement = "insert into movement (job_id, run, step, state) values ($1, 1, $2, $3)"
    with pytest.raises(Exception, match="movement_check"):
        await conn.execute(statement, job_id, step, state)
