"""Jobs are accepted once, and tell how they are."""

import asyncio
from uuid import UUID, uuid4

from libs.common import outbox
from libs.common.postgres import Connection
from services.gateway.repository import jobs
from services.gateway.repository.jobs import Accepted
from tests.gateway.conftest import NewClient, NewJob
from tests.support.database import Database


async def process(conn: Connection, client_id: UUID) -> Accepted | None:
    async with outbox.transaction(conn) as emit:
        return await jobs.start_process(conn, emit, client_id, job_id=uuid4(), seed=5)


async def test_fifty_at_once_make_one_job(database: Database, new_client: NewClient) -> None:
    client_id = await new_client()
    pool = await database.pool("gateway", max_size=50)

    async def one() -> Accepted | None:
        async with pool.acquire() as conn:
            return await process(conn, client_id)

    answers = [a for a in await asyncio.gather(*(one() for _ in range(50))) if a]
    assert len(answers) == 50
    assert len({answer.job_id for answer in answers}) == 1
    assert sum(answer.created for answer in answers) == 1
    assert await pool.fetchval("select count(*) from outbox") == 1


async def test_an_open_scheduled_job_answers_a_process(
    conn: Connection, new_client: NewClient, new_job: NewJob
) -> None:
    client_id = await new_client()
    job_id = await new_job(client_id=client_id)
    await conn.execute("update job set kind = 'scheduled' where id = $1", job_id)
    accepted = await process(conn, client_id)
    assert accepted is not None
    assert (accepted.job_id, accepted.created, accepted.kind) == (job_id, False, "scheduled")


async def test_a_closed_job_stands_in_nobodys_way(conn: Connection, new_client: NewClient) -> None:
    client_id = await new_client()
    first = await process(conn, client_id)
    await conn.execute("update job set status = 'completed'")
    second = await process(conn, client_id)
    assert first is not None
    assert second is not None
    assert second.created
    assert first.job_id != second.job_id


async def test_additions_stand_beside_everything(
    conn: Connection, new_client: NewClient, new_job: NewJob
) -> None:
    client_id = await new_client()
    await process(conn, client_id)
    added = [await new_job(client_id=client_id, count=5) for _ in range(3)]
    assert len(set(added)) == 3
    assert await conn.fetchval("select count(*) from job where status = 'processing'") == 4


async def test_nobody_is_served_who_is_not_active(conn: Connection, new_client: NewClient) -> None:
    for status in ("inactive", "test", "pending"):
        assert await process(conn, await new_client(status=status)) is None
    assert await process(conn, uuid4()) is None
    async with outbox.transaction(conn) as emit:
        unknown = await jobs.start_addition(conn, emit, uuid4(), 5, job_id=uuid4(), seed=1)
    assert unknown is None
    assert await conn.fetchval("select count(*) from outbox") == 0


async def test_the_event_holds_what_the_job_holds(conn: Connection, new_client: NewClient) -> None:
    accepted = await process(conn, await new_client())
    assert accepted is not None
    event = await conn.fetchval("select convert_from(payload, 'UTF8')::jsonb from outbox")
    today = await conn.fetchval("select (public.clock() at time zone 'Europe/Paris')::date::text")
    assert event == {
        "job_id": str(accepted.job_id), "client_id": str(accepted.client_id), "kind": "process",
        "run": 1, "ladder": 1, "count": 10, "cities": ["01053", "64260"],
        "kinds": ["house", "apartment"], "as_of": today, "seed": 5, "refresh": True,
    }  # fmt: skip


async def test_a_job_just_accepted_is_scraping(conn: Connection, new_job: NewJob) -> None:
    status = await jobs.job_status(conn, await new_job(count=7))
    assert status is not None
    assert (status.kind, status.status, status.error_message) == ("add", "processing", None)
    assert (status.progress.step, status.progress.attempt) == ("scrape", 1)
    assert status.progress.steps["scrape"].state == "running"


async def test_an_unknown_job_has_no_status(conn: Connection) -> None:
    assert await jobs.job_status(conn, uuid4()) is None
