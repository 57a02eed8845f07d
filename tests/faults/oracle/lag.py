"""How far each group is from the end of its topics, by the offsets that Kafka keeps."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.faults.oracle.expected import subscriptions

PATIENCE_SECONDS: Final = 30.0
"""An offset follows its transaction, and a group that has lost a member comes together first."""
LOOK_SECONDS: Final = 0.3


async def behind(
    bus: str, prefix: str, patience_seconds: float = PATIENCE_SECONDS
) -> Mapping[str, int]:
    """The messages that each group of a run has not done with, once none is left or time is up."""
    deadline = time.monotonic() + patience_seconds
    groups = await asyncio.gather(
        *(_behind(bus, prefix, group, deadline) for group in subscriptions())
    )
    return dict(zip(subscriptions(), groups, strict=True))


async def _behind(bus: str, prefix: str, group: str, deadline: float) -> int:
    # Asks for the offsets of a group without joining it.
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=bus, group_id=f"{prefix}{group}", enable_auto_commit=False
    )
    await consumer.start()
    try:
        topics = [f"{prefix}{topic}" for topic in subscriptions()[group]]
        while True:
            lag = await _lag(consumer, topics)
            if not lag or time.monotonic() > deadline:
                return lag
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await consumer.stop()


async def _lag(consumer: Any, topics: Sequence[str]) -> int:
    partitions = [
        TopicPartition(topic, number)
        for topic in topics
        for number in await _numbers(consumer, topic)
    ]
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    # One by one: not every broker answers for all offsets of a group at once.
    done = {partition: await consumer.committed(partition) for partition in partitions}
    return sum(
        max(0, ends[one] - (begins[one] if offset is None else max(offset, begins[one])))
        for one, offset in done.items()
    )


async def _numbers(consumer: Any, topic: str) -> Sequence[int]:
    # The first question about a topic only has the client learn of it.
    await consumer._client.add_topic(topic)
    return sorted(consumer.partitions_for_topic(topic) or ())
