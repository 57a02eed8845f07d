"""The topics of the system, made on any broker: one a kind of event, all alike."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.common.events import TOPICS

ALREADY_EXISTS: Final = 36


class TopicsError(RuntimeError):
    """The topics could not be brought to what they must be; the message says which and why."""


class Layout(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What every topic has in common."""

    partitions: int
    replicas: int
    configs: dict[str, str]


def layout() -> Layout:
    text = (Path(__file__).parent / "topics.toml").read_text()
    return msgspec.convert(tomllib.loads(text), Layout)


async def create(bootstrap_servers: str, topics: Sequence[str] = TOPICS) -> tuple[str, ...]:
    """Make what is missing and name it; refuse a topic with another number of partitions."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        made = await _create(client, topics, layout())
        await _check(client, topics, layout())
    finally:
        await client.close()
    return made


async def missing(bootstrap_servers: str, topics: Sequence[str] = TOPICS) -> tuple[str, ...]:
    """The topics that this broker does not have."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await client.start()
    try:
        there = set(await client.list_topics())
    finally:
        await client.close()
    return tuple(topic for topic in topics if topic not in there)


async def _create(
    client: AIOKafkaAdminClient, topics: Sequence[str], wanted: Layout
) -> tuple[str, ...]:
    brokers = len((await client.describe_cluster())["brokers"])
    replicas = min(wanted.replicas, brokers)
    answer: Any = await client.create_topics(
        [
            NewTopic(name, wanted.partitions, replicas, topic_configs=wanted.configs)
            for name in topics
        ]
    )
    failed = [error for error in answer.topic_errors if error[1] not in {0, ALREADY_EXISTS}]
    if failed:
        raise TopicsError("; ".join(f"{name}: error {code} {text}" for name, code, text in failed))
    return tuple(name for name, code, _ in answer.topic_errors if code == 0)


async def _check(client: AIOKafkaAdminClient, topics: Sequence[str], wanted: Layout) -> None:
    found = {t["topic"]: len(t["partitions"]) for t in await client.describe_topics(list(topics))}
    wrong = {name: n for name, n in found.items() if n != wanted.partitions}
    if wrong:
        listed = ", ".join(f"{name} has {n}" for name, n in wrong.items())
        raise TopicsError(f"Every topic needs {wanted.partitions} partitions, but {listed}")
