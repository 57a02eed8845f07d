"""Rows of an outbox as Kafka's own batches: one for each partition, encoded here at once.

That takes a third of the time of handing aiokafka one message after the other.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import murmur2

from libs.common.envelope import MAX_BYTES

METADATA_SECONDS: Final = 3.0
LARGEST_PAYLOAD: Final = MAX_BYTES - 64 * 1024
"""The key and the headers need room too."""

Rows = Sequence[Any]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of rows."""

    published: Rows = ()
    failed: Rows = ()
    reason: str = ""

    @property
    def failed_topics(self) -> set[str]:
        return {row["topic"] for row in self.failed}


NOTHING: Final = Answered()


class Group(msgspec.Struct, kw_only=True):
    """Rows of one partition in their order, and the batch that holds them."""

    batch: Any
    rows: list[Any] = []
    answer: Any = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Rows on their way: the broker's answers to come, and what was refused at once, with why."""

    groups: Sequence[Group]
    refused: Sequence[tuple[Any, str]]
    deferred: bool
    """Whether some stay behind, since the batch of their partition had no room for them."""

    @property
    def ids(self) -> list[UUID]:
        return [row["id"] for row, _ in self.refused] + [
            row["id"] for group in self.groups for row in group.rows
        ]

    async def answered(self) -> Answered:
        """What the broker says about each row."""
        answers = await asyncio.gather(
            *[group.answer for group in self.groups], return_exceptions=True
        )
        refused, published = list(self.refused), list[Any]()
        for group, answer in zip(self.groups, answers, strict=True):
            if isinstance(answer, BaseException):
                refused += [(row, type(answer).__name__) for row in group.rows]
            else:
                published += group.rows
        return Answered(
            published=published,
            failed=[row for row, _ in refused],
            reason=", ".join(sorted({reason for _, reason in refused})),
        )


async def send(producer: AIOKafkaProducer, source: str, rows: Rows) -> Sent:
    """Hand rows to the producer; those of a partition stay in their order."""
    partitions = await _partitions(producer, {row["topic"] for row in rows})
    groups, refused, deferred = _grouped(producer.create_batch, source, rows, partitions)
    for (topic, partition), group in groups.items():
        try:
            group.answer = await producer.send_batch(group.batch, topic, partition=partition)
        except KafkaError as error:
            group.answer = _refused(error)
    return Sent(groups=list(groups.values()), refused=refused, deferred=deferred)


def _grouped(
    create_batch: Callable[[], Any], source: str, rows: Rows, partitions: dict[str, int]
) -> tuple[dict[tuple[str, int], Group], list[tuple[Any, str]], bool]:
    groups: dict[tuple[str, int], Group] = {}
    refused: list[tuple[Any, str]] = []
    deferred = False
    always = [
        ("ce_specversion", b"1.0"),
        ("ce_source", f"/{source}".encode()),
        ("content-type", b"application/json"),
    ]
    for row in rows:
        event_id, topic, key, event_type, payload, more, created_at = row
        if topic not in partitions:
            refused.append((row, "the topic is not there"))
            continue
        if len(payload) > LARGEST_PAYLOAD:
            refused.append((row, MessageSizeTooLargeError.__name__))
            continue
        raw = key.encode()
        place = topic, partition_of(raw or event_id.bytes, partitions[topic])
        group = groups.get(place)
        if group is None:
            group = groups[place] = Group(batch=create_batch())
        # CloudEvents 1.0, binary content mode of the Kafka protocol binding.
        headers = [
            *always,
            ("ce_id", str(event_id).encode()),
            ("ce_type", event_type.encode()),
            ("ce_subject", raw),
            ("ce_time", created_at.isoformat().encode()),
            *[(name, value.encode()) for name, value in more.items()],
        ]
        if group.batch.append(timestamp=None, key=raw or None, value=payload, headers=headers):
            group.rows.append(row)
        else:
            deferred = True
    return groups, refused, deferred


@lru_cache(maxsize=10_000)
def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


async def _partitions(producer: AIOKafkaProducer, topics: Iterable[str]) -> dict[str, int]:
    """How many each topic has; one that the broker does not know yet must not stop the others."""

    async def count(topic: str) -> int:
        if there := producer.client.cluster.partitions_for_topic(topic):
            return len(there)
        try:
            async with asyncio.timeout(METADATA_SECONDS):
                return len(await producer.partitions_for(topic) or ())
        except (TimeoutError, KafkaError):
            return 0

    ordered = sorted(topics)
    counts = await asyncio.gather(*map(count, ordered))
    return {topic: number for topic, number in zip(ordered, counts, strict=True) if number}


def _refused(error: KafkaError) -> "asyncio.Future[Any]":
    answer = asyncio.get_running_loop().create_future()
    answer.set_exception(error)
    return answer
