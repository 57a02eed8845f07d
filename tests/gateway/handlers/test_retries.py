"""The ladder: one run, then three retries after 1, 2 and 4 hours, then a person."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from libs.common import outbox
from libs.common.postgres import Connection
from services.gateway.handlers.retries import Restarted, start_due
from services.gateway.repository import movements, retries
from tests.gateway.conftest import Deliver, NewClient, NewJob, Published
from tests.gateway.happened import failed, mail, ready
from tests.support.database import Database

NOTHING = Restarted(processed=0, failed=0)
ONE = Restarted(processed=1, failed=0)


async def restart(conn: Connection, *, early: bool = False) -> Restarted:
    async with outbox.transaction(conn) as emit:
        return await start_due(
            conn, emit, retries=retries, runs=movements, max_retries=3, early=early
        )


async def job(conn: Connection, job_id: UUID) -> tuple[str, int, int]:
    row = await conn.fetchrow("select status, run, attempt from job where id = $1", job_id)
    assert row is not None
    return row["status"], row["run"], row["attempt"]


async def test_a_failing_job_is_run_after_one_two_and_four_hours_then_fails(
    database: Database,
    conn: Connection,
    new_job: NewJob,
    deliver: Deliver,
    published: Published,
) -> None:
    job_id = await new_job()
    for run, hours in ((1, 1), (2, 2), (3, 4)):
        await deliver(failed(job_id, run=run))
        assert await job(conn, job_id) == ("pending", run, run)
        await database.advance(timedelta(hours=hours, minutes=-1))
        assert await restart(conn) == NOTHING
        await database.advance(timedelta(minutes=1))
        assert await restart(conn) == ONE
        assert await job(conn, job_id) == ("processing", run + 1, run + 1)
    assert await published("job.failed") == []
    await deliver(failed(job_id, run=4), failed(job_id, run=4))
    assert await job(conn, job_id) == ("failed", 4, 4)
    await database.advance(timedelta(days=2))
    assert await restart(conn, early=True) == NOTHING
    (said,) = await published("job.failed")
    assert (said["attempts"], said["run"], said["step"]) == (4, 4, "scrape")
    assert [event["run"] for event in await published("client.process")] == [1, 2, 3, 4]


async def test_a_second_failure_of_a_run_moves_no_date(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await deliver(failed(job_id))
    before = await conn.fetchval("select next_attempt_at from job")
    await database.advance(timedelta(minutes=30))
    await deliver(failed(job_id), ready(job_id))
    assert await conn.fetchval("select next_attempt_at from job") == before


async def test_a_mail_that_leaves_meanwhile_completes_the_job(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await deliver(failed(job_id))
    await deliver(mail(job_id, "sent"))
    await database.advance(timedelta(hours=2))
    assert await restart(conn) == NOTHING
    assert await job(conn, job_id) == ("completed", 1, 1)


async def test_a_run_takes_the_clients_present_cities_and_keeps_the_rest(
    conn: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver, published: Published
) -> None:
    client_id = await new_client()
    job_id = await new_job(client_id=client_id, count=5)
    await deliver(failed(job_id))
    await conn.execute(
        "update client set chosen_cities = '{69123}', property_type_preferences = '{land}',"
        " addresses_per_report = 99"
    )
    assert await restart(conn, early=True) == ONE
    first, second = await published("client.process")
    assert (second["cities"], second["kinds"]) == (["69123"], ["land"])
    for kept in ("count", "as_of", "seed", "ladder", "kind", "job_id"):
        assert second[kept] == first[kept]
    assert (second["run"], second["count"]) == (2, 5)


@pytest.mark.parametrize("change", ["update client set status = 'inactive'", "delete from client"])
async def test_a_job_of_a_client_gone_or_inactive_fails_at_once(
    conn: Connection, new_job: NewJob, deliver: Deliver, published: Published, change: str
) -> None:
    job_id = await new_job()
    await deliver(failed(job_id))
    await conn.execute(change)
    assert await restart(conn, early=True) == Restarted(processed=0, failed=1)
    assert (await job(conn, job_id))[0] == "failed"
    (said,) = await published("job.failed")
    assert "not found or inactive" in said["reason"]
    assert len(await published("client.process")) == 1


async def test_two_loops_start_a_job_once(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    for _ in range(20):
        await deliver(failed(await new_job()))
    others = [await database.connect("gateway") for _ in range(4)]
    started = await asyncio.gather(*(restart(other, early=True) for other in others))
    assert sum(each.processed for each in started) == 20
    assert await conn.fetchval("select count(*) from job where run = 2") == 20
