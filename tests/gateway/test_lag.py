"""Lag is what a group has not handled yet."""

from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from libs.common.settings import CommonSettings
from services.gateway.lag import is_lagging
from tests.support.bus import Bus

TOPIC = "client.process"


def settings(bootstrap_servers: str) -> CommonSettings:
    return CommonSettings(database_url="", kafka_bootstrap_servers=bootstrap_servers)


async def produce(bus: Bus) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bus.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, b"{}", key=b"k")
    finally:
        await producer.stop()


async def read_all(bus: Bus, group: str) -> None:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=bus.bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        await consumer.getmany(timeout_ms=5_000)
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        await consumer.commit()
    finally:
        await consumer.stop()


@pytest.mark.kafka
async def test_a_group_lags_until_it_has_committed_the_end(bus: Bus) -> None:
    group = f"group-{uuid4()}"
    await produce(bus)
    assert await is_lagging(settings(bus.bootstrap_servers), {group: [TOPIC]})
    await read_all(bus, group)
    assert not await is_lagging(settings(bus.bootstrap_servers), {group: [TOPIC]})
    await produce(bus)
    assert await is_lagging(settings(bus.bootstrap_servers), {group: [TOPIC]})


async def test_a_bus_that_is_away_counts_as_lag() -> None:
    assert await is_lagging(settings("127.0.0.1:9"), {"scraper": [TOPIC]})
