"""Movements are numbered in the order of commits, and none is lost."""

import asyncio
from uuid import uuid4

import pytest

from libs.common import outbox
from libs.common.envelope import Received
from libs.common.postgres import Connection
from services.gateway.handlers.outcomes import record_outcomes
from services.gateway.repository import movements
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import Happened, failed, mail
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


async def test_who_has_a_number_commits_before_another_gets_one(
    database: Database, conn: Connection, new_job: NewJob
) -> None:
    first, second = await new_job(), await new_job()
    numbered = await database.connect("gateway")
    transaction = numbered.transaction()
    await transaction.start()
    await numbered.execute(MOVE, first)
    await numbered.execute("set constraints all immediate")

    other = asyncio.create_task(conn.execute(MOVE, second))
    committed, _ = await asyncio.wait({other}, timeout=0.3)

    assert not committed
    await transaction.commit()
    await other
    assert await conn.fetchval(LAST) == [first, second]


async def test_two_gateways_with_news_of_one_job_forget_none(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    """The second must know of the first's news, else its `pending` would hide that it was sent."""
    job_id, other = await new_job(), await database.connect("gateway")

    async def hear(event: Happened) -> None:
        async with outbox.transaction(other) as emit:
            received = [Received(uuid4(), event)]
            await record_outcomes(other, received, emit, runs=movements, max_retries=3)

    async with conn.transaction():
        await deliver(mail(job_id, "sent"))
        second = asyncio.create_task(hear(failed(job_id)))
        await asyncio.wait({second}, timeout=0.3)
    await second

    assert await conn.fetchval("select status from job") == "completed"


@pytest.mark.parametrize("step, state", [("scrape", "sent"), ("mail", "done"), ("job", "running")])
async def test_a_step_has_only_its_own_states(
    conn: Connection, new_job: NewJob, step: str, state: str
) -> None:
    job_id = await new_job()
    statement = "insert into movement (job_id, run, step, state) values ($1, 1, $2, $3)"
    with pytest.raises(Exception, match="movement_check"):
        await conn.execute(statement, job_id, step, state)
