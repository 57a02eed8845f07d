"""A subscription: what becomes of the batch in hand."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common import consumer, kafka, service
from libs.common.events import SendDay
from libs.common.held import Record
from libs.common.kafka import OnBatch, Subscription
from libs.common.settings import CommonSettings
from tests.support.bus import Bus


def test_a_batch_of_dead_letters_with_all_its_pauses_keeps_its_partitions() -> None:
    """A consumer that leaves its group meanwhile cannot commit, and gets the same batch again."""
    each = service.PAUSE_SECONDS + consumer.BUDGET_SECONDS + consumer.IN_PLACE_SECONDS

    assert each * 1000 * kafka.BATCH_MESSAGES < kafka.BATCH_MAX_MS


@pytest.mark.kafka
async def test_when_told_to_stop_the_batch_in_hand_is_finished_and_committed(bus: Bus) -> None:
    begun, may_end, batches = asyncio.Event(), asyncio.Event(), list[Sequence[Record]]()

    async def on_batch(records: Sequence[Record]) -> None:
        begun.set()
        await may_end.wait()
        batches.append(records)

    group, reading = await _read(bus, on_batch)
    await asyncio.wait_for(begun.wait(), 40)
    reading.cancel()
    ended, _ = await asyncio.wait({reading}, timeout=0.3)
    assert not ended
    may_end.set()
    await asyncio.wait({reading}, timeout=20)

    [records] = batches
    assert await _committed(bus, group, records[-1]) == records[-1].offset + 1


@pytest.mark.kafka
async def test_a_batch_that_nobody_could_settle_ends_the_subscription_uncommitted(bus: Bus) -> None:
    seen = list[Sequence[Record]]()

    async def on_batch(records: Sequence[Record]) -> None:
        seen.append(records)
        raise RuntimeError("a bug outside of every handler")

    group, reading = await _read(bus, on_batch)
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(reading, 60)

    [records] = seen
    assert await _committed(bus, group, records[-1]) is None


@pytest.mark.kafka
async def test_only_the_partitions_of_the_batch_are_committed(bus: Bus) -> None:
    batches: asyncio.Queue[Sequence[Record]] = asyncio.Queue()
    group, reading = await _read(bus, batches.put)
    records = await asyncio.wait_for(batches.get(), 40)
    reading.cancel()
    await asyncio.wait({reading}, timeout=20)

    ends = {one.partition: one.offset + 1 for one in records}
    for partition in range(12):
        assert await _committed_at(bus, group, SendDay.topic, partition) == ends.get(partition)


async def _read(bus: Bus, on_batch: OnBatch) -> tuple[str, asyncio.Task[None]]:
    settings = CommonSettings(
        database_url="none",
        kafka_bootstrap_servers=bus.bootstrap_servers,
        kafka_idempotence=bus.idempotence,
    )
    producer = kafka.producer(settings)
    await producer.start()
    await producer.send_and_wait(SendDay.topic, b"{}", key=b"key")
    await producer.stop()
    group = f"test-{uuid4()}"
    wanted = Subscription(group=group, topics=[SendDay.topic], on_batch=on_batch)
    return group, asyncio.create_task(kafka.subscribe(settings, wanted))


async def _committed(bus: Bus, group: str, record: Record) -> int | None:
    return await _committed_at(bus, group, record.topic, record.partition)


async def _committed_at(bus: Bus, group: str, topic: str, partition: int) -> int | None:
    reader = AIOKafkaConsumer(
        bootstrap_servers=bus.bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    await reader.start()
    try:
        return await reader.committed(TopicPartition(topic, partition))
    finally:
        await reader.stop()
