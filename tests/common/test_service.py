import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common import kafka, outbox, relay, service
from libs.common.consumer import Consumer, Handlers
from libs.common.envelope import Received
from libs.common.events import ClientErased, ClientRegistered
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from tests.support.bus import Bus
from tests.support.database import Database

pytestmark = pytest.mark.kafka


async def test_an_event_travels_from_one_schema_to_the_other_past_a_poisoned_one(
    database: Database, bus: Bus
) -> None:
    """Written in the gateway's outbox, handled by the assigner once; the poison is held."""
    client_id, arrived, seen = uuid4(), asyncio.Event(), list[UUID]()

    async def remember(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        seen.extend(e for e in (one.event.client_id for one in received) if e == client_id)
        if seen:
            arrived.set()

    group = f"assigner-{uuid4()}"
    handlers: Handlers = {ClientErased: remember, ClientRegistered: remember}
    consumer = Consumer(name=group, handlers=handlers, wake=asyncio.Event())
    gateway, assigner = (_settings(database, bus, role) for role in ("gateway", "assigner"))
    consuming = service.Consuming(assigner, consumer)
    await _poison(gateway, str(client_id).encode())
    async with outbox.transaction(await database.connect("gateway")) as emit:
        emit(ClientErased(client_id=client_id), None)

    async with _running(relay.run(gateway, "gateway", asyncio.Event()), *consuming.tasks()):
        async with asyncio.timeout(40):
            await arrived.wait()
        assert await consuming.ready() == ""

    assert seen == [client_id]
    held = await (await database.connect("assigner")).fetchrow(
        'select raw, state, partition, "offset" from held_message where key = $1',
        str(client_id).encode(),
    )
    assert held
    assert (held["raw"], held["state"]) == (b"poison", "dead")
    assert await _committed(bus, group, held["partition"]) > held["offset"]


def _settings(database: Database, bus: Bus, role: str) -> CommonSettings:
    return CommonSettings(
        database_url=database.url(role),
        kafka_bootstrap_servers=bus.bootstrap_servers,
        kafka_idempotence=bus.idempotence,
    )


async def _poison(settings: CommonSettings, key: bytes) -> None:
    producer = kafka.producer(settings)
    await producer.start()
    headers = [("ce_type", b"\xff")]
    await producer.send_and_wait(ClientErased.topic, b"poison", key=key, headers=headers)
    await producer.stop()


@asynccontextmanager
async def _running(*tasks: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    started = [asyncio.create_task(task) for task in tasks]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


async def _committed(bus: Bus, group: str, partition: int) -> int:
    """Asked for one partition: the embedded broker cannot answer for all at once."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=bus.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    await reader.start()
    try:
        return await reader.committed(TopicPartition(ClientErased.topic, partition)) or 0
    finally:
        await reader.stop()
