"""Four gateways on one database are one interface."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from deploy.local.ports import free_port
from libs.common.postgres import Connection
from tests.gateway.conftest import NewClient
from tests.support.database import Database

pytestmark = pytest.mark.slow

KEYS = {"API_KEY": "k3y-of-a-test", "ADMIN_API_KEY": "0perators", "SECRET_KEY": "s1gns-links"}
HEADERS = {"X-API-Key": KEYS["API_KEY"], "X-Admin-Key": KEYS["ADMIN_API_KEY"]}
NO_BROKER = "127.0.0.1:9"
LIMIT, GATEWAYS = 100, 4

Gateways = list[httpx.AsyncClient]


@asynccontextmanager
async def gateway(database: Database) -> AsyncGenerator[httpx.AsyncClient]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway.main"),
        env={
            **os.environ,
            **KEYS,
            "RATE_LIMIT_REQUESTS": str(LIMIT),
            "DATABASE_URL": database.url("gateway"),
            "KAFKA_BOOTSTRAP_SERVERS": NO_BROKER,
            "GATEWAY_PORT": str(port),
        },
        stdout=asyncio.subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=address, headers=HEADERS, trust_env=False) as client:
            await until_ready(client, process)
            yield client
    finally:
        process.kill()
        await process.wait()


async def until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while True:
            assert process.returncode is None
            try:
                if (await client.get("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


@pytest.fixture
async def gateways(database: Database) -> AsyncGenerator[Gateways]:
    async with AsyncExitStack() as stack:
        yield await asyncio.gather(
            *(stack.enter_async_context(gateway(database)) for _ in range(GATEWAYS))
        )


async def test_four_gateways_let_in_exactly_a_hundred_of_each_key(gateways: Gateways) -> None:
    body = {"name": "CRM", "scopes": ["client"]}
    made = (await gateways[0].post("/admin/api-keys", json=body)).json()["key"]
    for key in (KEYS["API_KEY"], made):
        headers = {"X-API-Key": key}
        answers = await asyncio.gather(
            *(
                each.get("/api/cities?q=lyon", headers=headers)
                for _ in range(40)
                for each in gateways
            )
        )
        assert Counter(a.status_code for a in answers) == {200: LIMIT, 429: 4 * 40 - LIMIT}
        left = sorted(
            int(a.headers["RateLimit-Remaining"]) for a in answers if a.status_code == 200
        )
        assert left == list(range(LIMIT))


async def test_fifty_requests_with_one_idempotency_key_have_one_effect(
    gateways: Gateways, new_client: NewClient, conn: Connection
) -> None:
    body = {"client_id": str(await new_client()), "count": 5}
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(
            gateways[n % GATEWAYS].post("/api/add-addresses", json=body, headers=headers)
            for n in range(50)
        )
    )
    assert {a.status_code for a in answers} <= {200, 409}
    assert len({a.json()["job_id"] for a in answers if a.status_code == 200}) == 1
    assert await conn.fetchval("select count(*) from job") == 1
