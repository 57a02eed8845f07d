import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common import kafka, outbox, relay, service
from libs.common.consumer import Consumer
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
    client_id, arrived = uuid4(), asyncio.Event()
    seen: list[UUID] = []

    async def remember(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        mine = [one.event.client_id for one in received if one.event.client_id == client_id]
        seen.extend(mine)
        if mine:
            arrived.set()

    group = f"assigner-{uuid4()}"
    consumer = Consumer(
        name=group,
        handlers={ClientErased: remember, ClientRegistered: remember},
        wake=asyncio.Event(),
    )
    settings = {
        role: CommonSettings(
            database_url=database.url(role),
            kafka_bootstrap_servers=bus.bootstrap_servers,
            kafka_idempotence=bus.idempotence,
        )
        for role in ("gateway", "assigner")
    }
    consuming = service.Consuming(settings["assigner"], consumer)
    producer = kafka.producer(settings["gateway"])
    await producer.start()
    await producer.send_and_wait(
        ClientErased.topic, b"poison", key=str(client_id).encode(), headers=[("ce_type", b"\xff")]
    )
    await producer.stop()
    gateway = await database.connect("gateway")
    async with outbox.transaction(gateway) as emit:
        emit(ClientErased(client_id=client_id), None)

    running = [
        asyncio.create_task(task)
        for task in (
            relay.run(settings["gateway"], "gateway", asyncio.Event()),
            *consuming.tasks(),
        )
    ]
    try:
        async with asyncio.timeout(40):
            await arrived.wait()
        assert await consuming.ready() == ""
    finally:
        for task in running:
            task.cancel()
        for task in running:
            with suppress(asyncio.CancelledError):
                await task

    assigner = await database.connect("assigner")
    assert seen == [client_id]
    held = await assigner.fetchrow(
        'select raw, state, partition, "offset" from held_message where key = $1',
        str(client_id).encode(),
    )
    assert held
    assert (held["raw"], held["state"]) == (b"poison", "dead")
    assert await _committed(bus, group, held["partition"]) > held["offset"]


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
