"""A poisoned message on a real bus, and the operator who deals with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from tests.gateway.test_main import KEYS, gateway
from tests.support.bus import Bus
from tests.support.database import Database

pytestmark = pytest.mark.kafka

TOPIC = "mail.settled"


async def found(ask: Callable[[], Awaitable[list[dict[str, Any]]]]) -> dict[str, Any]:
    """The one message that a list will show."""
    async with asyncio.timeout(40):
        while True:
            if shown := await ask():
                [one] = shown
                return one
            await asyncio.sleep(0.1)


async def send(bus: Bus, value: bytes) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=bus.bootstrap_servers)
    await producer.start()
    try:
        sent = await producer.send_and_wait(
            TOPIC, value, key=b"somebody", headers=[("ce_type", b"trackimmo.mail.settled.v1")]
        )
    finally:
        await producer.stop()
    return sent.offset


async def test_poison_is_shown_replayed_in_vain_and_discarded(database: Database, bus: Bus):
    async with gateway(database, bus.bootstrap_servers) as (client, _):
        client.headers["X-Admin-Key"] = KEYS["API_KEY"]

        async def listed(**query: str) -> list[dict[str, Any]]:
            answer = await client.get("/admin/dead-letters", params=query)
            return [one for one in answer.json() if one["topic"] == TOPIC]

        offset = await send(bus, b'{"mail": "never"}')
        letter = await found(listed)
        path = f"/admin/dead-letters/gateway/{letter['id']}"
        replayed = await client.post(f"{path}/replay")

        async def died_again() -> list[dict[str, Any]]:
            return [one for one in await listed() if one["replays"] == 1]

        again = await found(died_again)
        discarded = await client.post(f"{path}/discard")
        aside = await found(lambda: listed(state="discarded"))

    assert (letter["offset"], letter["key"], letter["attempts"]) == (offset, "somebody", 1)
    assert letter["decoded"] == {"mail": "never"}
    assert "mail.settled.v1" in letter["error"]
    assert (replayed.status_code, replayed.json()["state"]) == (200, "waiting")
    assert (again["id"], again["attempts"]) == (letter["id"], 1)
    assert discarded.json()["state"] == aside["state"] == "discarded"
