"""The gateway as a process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from deploy.local.ports import free_port
from libs.common.events import MailSettled
from libs.common.postgres import Connection
from services.gateway import main
from services.gateway.repository.connections import Connections
from services.gateway.settings import GatewaySettings
from tests.gateway.conftest import NewClient, NewJob
from tests.gateway.happened import assigned, ready
from tests.support.bus import Bus
from tests.support.database import Database

KEYS = {"API_KEY": "k3y-of-a-test", "SECRET_KEY": "s1gns-links"}
HEADERS = {"X-API-Key": KEYS["API_KEY"]}
NO_BROKER = "127.0.0.1:9"


@asynccontextmanager
async def gateway(
    database: Database, bootstrap_servers: str
) -> AsyncGenerator[tuple[httpx.AsyncClient, asyncio.subprocess.Process]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway.main"),
        env={
            **os.environ,
            **KEYS,
            "RATE_LIMIT_ENABLED": "false",
            "DATABASE_URL": database.url("gateway"),
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "KAFKA_IDEMPOTENCE": "false",
            "GATEWAY_PORT": str(port),
        },
    )
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=HEADERS, trust_env=False
        ) as client:
            await until_answered(client, process)
            yield client, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_answered(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        while process.returncode is None:
            try:
                await client.get("/live")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
    pytest.fail(f"the gateway ended with {process.returncode}")


async def test_serves_without_a_broker_and_ends_when_told(
    database: Database, conn: Connection, new_client: NewClient
) -> None:
    client_id = await new_client()
    async with gateway(database, NO_BROKER) as (client, process):
        assert (await client.get("/ready")).status_code == 200
        answer = await client.post("/api/process-client", json={"client_id": str(client_id)})
        assert answer.json()["message"] == "Processing started"
        status = await client.get(f"/api/job-status/{answer.json()['job_id']}")
        assert status.json()["status"] == "processing"
        assert await conn.fetchval("select published_at is null from outbox")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await process.wait() == 0


async def test_a_missing_setting_is_one_sentence(database: Database) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway.main"),
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database.url("gateway")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode
    lines = said.decode().strip().splitlines()
    assert len(lines) == 1
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "API_KEY", "SECRET_KEY"):
        assert name in lines[0]


@pytest.mark.kafka
async def test_what_the_bus_brings_ends_a_job(
    database: Database, bus: Bus, conn: Connection, new_client: NewClient
) -> None:
    """Our own outbox takes the outcomes to the bus; the gateway hears itself."""
    client_id = await new_client()
    async with gateway(database, bus.bootstrap_servers) as (client, _):
        answer = await client.post("/api/process-client", json={"client_id": str(client_id)})
        job_id = UUID(answer.json()["job_id"])
        sent = MailSettled(
            mail_id=uuid4(), mail_kind="notification", subject_id=job_id, state="sent", version=1,
            job_id=job_id, client_id=client_id, kind="process", run=1, ladder=1,
        )  # fmt: skip
        for event in (sent, assigned(job_id), ready(job_id)):
            await conn.execute(
                "insert into outbox (topic, key, type, payload) values ($1, $2, $3, $4)",
                *(event.topic, event.key, event.type, msgspec.json.encode(event)),
            )
        async with asyncio.timeout(40):
            shown = await until_completed(client, str(job_id))
    steps = shown["progress"]["steps"]
    assert shown["properties_assigned"] == 10
    assert [steps[step]["state"] for step in ("scrape", "assign", "mail")] == [
        "done",
        "done",
        "sent",
    ]


async def until_completed(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    while True:
        shown = (await client.get(f"/api/job-status/{job_id}")).json()
        known = shown["progress"]["steps"]["scrape"]["state"] == "done"
        if shown["status"] == "completed" and known and shown["properties_assigned"] is not None:
            return shown
        await asyncio.sleep(0.1)


async def test_the_watchdog_waits_while_the_bus_is_away(
    database: Database, conn: Connection, new_job: NewJob
) -> None:
    await new_job()
    await database.advance(timedelta(hours=1))
    await conn.execute("update outbox set published_at = public.clock()")
    pool = Connections(partial(database.connect, "gateway"), size=2)
    settings = GatewaySettings(
        database_url=database.url("gateway"), kafka_bootstrap_servers=NO_BROKER,
        api_key=KEYS["API_KEY"], secret_key=KEYS["SECRET_KEY"],
    )  # fmt: skip
    await main.watch_silent(pool.lend, main.writing(pool.lend, asyncio.Event()), settings)
    assert await conn.fetchval("select restated_run is null from job")


async def test_a_loop_goes_on_after_a_failure() -> None:
    done = asyncio.Event()
    failures = iter([OSError("away"), ValueError("a bug")])

    async def work() -> None:
        for failure in failures:
            raise failure
        done.set()

    loop = asyncio.create_task(main.every(0, work))
    async with asyncio.timeout(5):
        await done.wait()
    assert not loop.done()
    loop.cancel()
