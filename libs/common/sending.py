"""Rows of an outbox as Kafka's own batches: one for each partition, encoded here at once.

That takes a third of the time of handing aiokafka one message after the other.
"""

import asyncio
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, UnknownTopicOrPartitionError
from aiokafka.partitioner import murmur2

from libs.common.envelope import MAX_BYTES

METADATA_SECONDS: Final = 3.0
LARGEST_PAYLOAD: Final = MAX_BYTES - 64 * 1024
"""The key and the headers need room too."""

Rows = Sequence[Any]
Batches = dict[tuple[str, int], tuple[Any, list[Any]]]
Sent = list[tuple[list[Any], "asyncio.Future[Any]"]]
"""Rows, each group with the broker's answer to come; what cannot even be sent has it already."""


async def send(producer: AIOKafkaProducer, source: str, rows: Rows) -> Sent:
    """Hand rows to the producer, those of a partition in their order.

    Where the batch of a partition is full, the rest of its rows stays behind. A producer that
    can send no more raises `KafkaError`.
    """
    partitions = await _partitions(producer, {row["topic"] for row in rows})
    sent, batches = Sent(), Batches()
    always = [("ce_specversion", b"1.0"), ("ce_source", f"/{source}".encode())]
    for row in rows:
        topic, key = row["topic"], row["key"].encode()
        if topic not in partitions:
            sent.append(([row], _refused(UnknownTopicOrPartitionError())))
        elif len(row["payload"]) > LARGEST_PAYLOAD:
            sent.append(([row], _refused(MessageSizeTooLargeError())))
        else:
            place = topic, partition_of(key or row["id"].bytes, partitions[topic])
            if place not in batches:
                batches[place] = producer.create_batch(), []
            batch, taken = batches[place]
            headers = always + _headers(row)
            if batch.append(timestamp=None, key=key or None, value=row["payload"], headers=headers):
                taken.append(row)
    for (topic, partition), (batch, taken) in batches.items():
        sent.append((taken, await producer.send_batch(batch, topic, partition=partition)))
    return sent


def _headers(row: Any) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary content mode of the Kafka protocol binding; the row's own as well."""
    return [
        ("ce_id", str(row["id"]).encode()),
        ("ce_type", row["type"].encode()),
        ("ce_subject", row["key"].encode()),
        ("ce_time", row["created_at"].isoformat().encode()),
        ("content-type", b"application/json"),
        *[(name, value.encode()) for name, value in row["headers"].items()],
    ]


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


async def _partitions(producer: AIOKafkaProducer, topics: Iterable[str]) -> dict[str, int]:
    """How many each topic has; one that the broker does not know yet must not stop the others."""

    async def count(topic: str) -> tuple[str, int]:
        if there := producer.client.cluster.partitions_for_topic(topic):
            return topic, len(there)
        try:
            async with asyncio.timeout(METADATA_SECONDS):
                return topic, len(await producer.partitions_for(topic))
        except (TimeoutError, KafkaError):
            return topic, 0

    return {topic: there for topic, there in await asyncio.gather(*map(count, topics)) if there}


def _refused(error: KafkaError) -> "asyncio.Future[Any]":
    answer = asyncio.get_running_loop().create_future()
    answer.set_exception(error)
    return answer
