"""Each movement once, whatever happens to connections, readers and the server."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common import outbox
from libs.common.envelope import Received
from libs.common.postgres import Connection
from services.gateway.handlers.outcomes import record_outcomes
from services.gateway.repository import events, movements
from services.gateway.routes import feed
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import Happened, assigned, mail, ready, scraped
from tests.gateway.routes.streaming import Event, Served, served, until
from tests.support.database import Database

STRANGE = """
    insert into movement (job_id, run, step, state, detail)
    values ($1, 1, 'scrape', 'done', '{"done": "so many"}')
"""


@pytest.fixture
async def gateway(database: Database) -> AsyncGenerator[Served]:
    async with served(database) as running:
        yield running


async def write(database: Database, jobs: Sequence[UUID], seed: int) -> None:
    """What happens to these jobs, in transactions that overlap those of another writer."""
    chance, conn = random.Random(seed), await database.connect("gateway")
    for job_id in jobs:
        told: list[Happened] = [scraped(job_id, 1), ready(job_id), assigned(job_id)]
        for event in [*told, mail(job_id, "sent")]:
            async with outbox.transaction(conn) as emit:
                received = [Received(uuid4(), event)]
                await record_outcomes(conn, received, emit, runs=movements, max_retries=3)
                await asyncio.sleep(chance.random() * 0.01)


async def committed(conn: Connection) -> list[int]:
    return [row["seq"] for row in await conn.fetch("select seq from movement order by seq")]


async def hear(gateway: Served, path: str, heard: list[int], enough: int) -> None:
    """Add what a stream tells to what was heard, until that is enough."""
    async with gateway.stream(path, heard[-1] if heard else 0) as told:
        async for event in told:
            if event.id is not None:
                heard.append(event.id)
            if len(heard) >= enough:
                return


async def all_hear(heard: Sequence[Sequence[int]]) -> None:
    async def everyone() -> bool:
        return all(heard)

    await until(everyone)


async def test_two_writers_and_a_connection_that_drops(
    gateway: Served, database: Database, conn: Connection, new_job: NewJob
):
    jobs = [await new_job() for _ in range(12)]
    chance = random.Random(7)
    heard: list[int] = []
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for part in range(2):
            group.create_task(write(database, jobs[part::2], seed=part))
        while len(heard) < 12 * 7:
            some = min(len(heard) + chance.randint(1, 7), 12 * 7)
            await hear(gateway, "/admin/events", heard, some)

    assert heard == await committed(conn)


async def test_a_reader_that_never_drops_hears_the_same(
    gateway: Served, database: Database, conn: Connection, new_job: NewJob
):
    jobs = [await new_job() for _ in range(12)]
    heard: list[int] = []
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(hear(gateway, "/admin/events", heard, 12 * 7))
        for part in range(2):
            group.create_task(write(database, jobs[part::2], seed=part))

    assert heard == await committed(conn)


@pytest.mark.parametrize("most, page", [(0, 500), (3, 2), (1000, 1)])
async def test_whoever_falls_behind_reads_the_rest(
    database: Database, conn: Connection, new_job: NewJob, monkeypatch: pytest.MonkeyPatch,
    most: int, page: int,
):  # fmt: skip
    monkeypatch.setattr(feed, "MOST_PENDING", most)
    monkeypatch.setattr(feed, "PAGE", page)
    monkeypatch.setattr("services.gateway.routes.streams.PAGE", page)
    monkeypatch.setattr("services.gateway.routes.events.PAGE", page)
    jobs = [await new_job() for _ in range(6)]
    heard: list[int] = []
    async with served(database) as gateway, asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(hear(gateway, "/admin/events", heard, 6 * 7))
        for part in range(2):
            group.create_task(write(database, jobs[part::2], seed=part))

    assert heard == await committed(conn)


async def test_many_readers_cost_one_query(
    gateway: Served, database: Database, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
):
    asked: list[int] = []
    after = events.after

    async def counted(connection: Connection, seq: int, limit: int) -> Sequence[events.Moved]:
        page = await after(connection, seq, limit)
        asked.append(len(page))
        return page

    job_id = await new_job()
    heard: list[list[int]] = [[] for _ in range(100)]
    path = f"/api/jobs/{job_id}/events"
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for one in heard:
            group.create_task(hear(gateway, path, one, 7))
        await all_hear(heard)
        monkeypatch.setattr(events, "after", counted)
        await write(database, [job_id], seed=1)

    assert {len(one) for one in heard} == {7}
    assert sum(asked) == 6  # the first one was there before


async def test_the_feed_outlives_its_connection(
    gateway: Served, database: Database, conn: Connection, new_job: NewJob,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(feed, "AWAY_SECONDS", 0.05)
    jobs = [await new_job() for _ in range(4)]
    admin = await database.connect()
    own = await conn.fetchval("select pg_backend_pid()")
    heard: list[int] = []
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        hearing = group.create_task(hear(gateway, "/admin/events", heard, 4 * 7))
        await all_hear([heard])
        await write(database, jobs[:2], seed=1)
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename = 'gateway' and datname = current_database() and pid <> $1"
            " and query like '%from movement m join job%'",
            own,
        )
        await write(database, jobs[2:], seed=2)
        await hearing

    assert heard == await committed(conn)


async def test_the_feed_outlives_what_it_cannot_read(
    gateway: Served, conn: Connection, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "AWAY_SECONDS", 0.05)
    job_id, heard = await new_job(), []
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        hearing = group.create_task(hear(gateway, "/admin/events", heard, 1000))
        await all_hear([heard])
        await conn.execute(STRANGE, job_id)
        await hearing  # such a stream ends: its reader comes again

    await new_job()
    assert not any(task.done() for task in gateway.tasks)
    await hear(gateway, "/admin/events", heard := [2], 2)
    assert heard == [2, 3]


async def test_streams_end_at_once_when_the_server_stops(gateway: Served, new_job: NewJob):
    jobs = [await new_job() for _ in range(20)]
    paths = ["/admin/events", *(f"/api/jobs/{job_id}/events" for job_id in jobs)]
    started = asyncio.Barrier(len(paths) + 1)

    async def listen(path: str) -> None:
        async with gateway.stream(path) as told:
            await anext(told)
            await started.wait()
            async for _ in told:
                pass

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for path in paths:
            group.create_task(listen(path))
        await started.wait()
        began = time.monotonic()
        await gateway.stop()

    assert time.monotonic() - began < 2


async def test_who_reads_nothing_holds_no_stop_up(
    database: Database, conn: Connection, new_job: NewJob
):
    job_id = await new_job()
    note = "x" * 10_000
    await conn.executemany(
        "insert into movement (job_id, run, step, state, detail)"
        " values ($1, 1, 'scrape', 'running', $2)",
        [(job_id, {"note": note, "done": n}) for n in range(3000)],
    )
    async with served(database) as gateway:
        url = httpx.URL(str(gateway.api.base_url))
        _, writer = await asyncio.open_connection(url.host, url.port, limit=1)
        writer.write(
            b"GET /admin/events HTTP/1.1\r\nHost: gateway\r\nLast-Event-ID: 0\r\n"
            b"X-Admin-Key: a-key-for-operators\r\n\r\n"
        )
        await asyncio.sleep(1)  # until the buffers between us are full
        began = time.monotonic()
        await gateway.stop()
        writer.close()

    assert time.monotonic() - began < 10  # the server's own patience is 5 s


async def test_a_job_ends_after_its_last_movement_however_far_the_feed_is(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(feed, "PAGE", 1)  # the job's end is known before its movements are told
    job_id = await new_job()
    heard: list[Event] = []
    path = f"/api/jobs/{job_id}/events"
    async with asyncio.timeout(20), served(database) as gateway, gateway.stream(path) as told:
        async for event in told:
            heard.append(event)
            if event.id is not None and len(await committed(conn)) == 1:
                done = mail(job_id, "sent")
                await deliver(scraped(job_id, 1), ready(job_id), assigned(job_id), done)

    assert [event.id for event in heard if event.id] == await committed(conn)
    assert heard[-1].name == "job.ended"
