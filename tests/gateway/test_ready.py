"""When the gateway says that it is ready."""

import asyncio
import signal
import time
from uuid import uuid4

import asyncpg

from deploy.local.postgres import Postgres
from deploy.migrate import migrate
from libs.common import service
from libs.common.consumer import Consumer
from libs.common.settings import CommonSettings
from services.gateway.repository import readiness
from services.gateway.settings import GatewaySettings
from tests.gateway.conftest import NewJob
from tests.gateway.test_main import NO_BROKER, gateway
from tests.support.database import Database


def settings(url: str) -> GatewaySettings:
    return GatewaySettings(
        database_url=url, kafka_bootstrap_servers=NO_BROKER, api_key="k", secret_key="s"
    )


async def test_it_waits_for_the_last_of_its_migrations(database: Database) -> None:
    url, admin = settings(database.url("gateway")), await database.connect()
    assert await readiness.missing(url) == ""

    newest = max(readiness.MIGRATIONS)
    await admin.execute("delete from gateway.migration where version = $1", newest)

    assert await readiness.missing(url) == f"Migrations of the gateway are missing: {newest}"


async def test_an_empty_database_is_not_ready_until_it_is_migrated(
    postgres_server: Postgres,
) -> None:
    name = f"empty_{uuid4().hex}"
    admin = await asyncpg.connect(postgres_server.url())
    try:
        await admin.execute(f"create database {name}")
        empty = Database(postgres_server.port, name)
        async with gateway(empty, NO_BROKER) as (client, _):
            assert (await client.get("/ready")).status_code == 503
            assert (await client.get("/health")).status_code == 200
            url = postgres_server.url(database=name) + "?sslmode=disable"
            await asyncio.to_thread(migrate, url)
            assert (await client.get("/ready")).status_code == 200
    finally:
        await admin.execute(f"drop database if exists {name} with (force)")
        await admin.close()


async def test_a_consumer_without_partitions_is_not_ready(database: Database) -> None:
    consumer = Consumer(name="assigner", handlers={}, wake=asyncio.Event())
    common = CommonSettings(
        database_url=database.url("assigner"), kafka_bootstrap_servers=NO_BROKER
    )

    assert "no partition" in await service.Consuming(common, consumer).ready()


async def test_open_streams_hold_no_stop_up(database: Database, new_job: NewJob) -> None:
    path = f"/api/jobs/{await new_job()}/events"
    async with (
        gateway(database, NO_BROKER) as (client, process),
        client.stream("GET", path) as job,
        client.stream("GET", "/admin/events") as everything,
    ):
        told = [answer.aiter_bytes() for answer in (job, everything)]
        assert [await anext(one) for one in told]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            for one in told:
                async for _ in one:  # to a proper end, not to a lost connection
                    pass
            assert await process.wait() == 0
    assert time.monotonic() - began < 5
