"""The topics of the system, made on any broker: one a kind of event, all alike."""

import asyncio
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.helpers import create_ssl_context

from libs.common.events import TOPICS

ANYBODY: Final[Mapping[str, Any]] = {}
SASL: Final = {
    "sasl_mechanism": "sasl_mechanism",
    "sasl_username": "sasl_plain_username",
    "sasl_password": "sasl_plain_password",
}
ALREADY_EXISTS: Final = 36
ATTEMPTS: Final = 20
VISIBLE_WITHIN_LOOKS: Final = 200


class TopicsError(RuntimeError):
    """The topics could not be brought to what they must be; the message says which and why."""


class Layout(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What every topic has in common."""

    partitions: int
    in_memory_partitions: int
    replicas: int
    configs: dict[str, str]

    def partitions_of(self, *, in_memory: bool) -> int:
        """How many each topic has on a broker that keeps them in memory, or on a lasting one."""
        return self.in_memory_partitions if in_memory else self.partitions


def layout() -> Layout:
    text = (Path(__file__).parent / "topics.toml").read_text()
    return msgspec.convert(tomllib.loads(text), Layout)


def security(environ: Mapping[str, str]) -> dict[str, Any]:
    """How to be let in, from the same KAFKA_* variables as the services."""
    given = {name: environ.get(f"KAFKA_{name.upper()}") for name in ("security_protocol", *SASL)}
    told: dict[str, Any] = {SASL.get(name, name): value for name, value in given.items() if value}
    if told.get("security_protocol", "").endswith("SSL"):
        told["ssl_context"] = create_ssl_context()
    return told


async def create(
    bootstrap_servers: str,
    topics: Sequence[str] = TOPICS,
    *,
    in_memory: bool = False,
    access: Mapping[str, Any] = ANYBODY,
) -> tuple[str, ...]:
    """Make what is missing and name it; refuse a topic with another number of partitions.

    `in_memory` such a topic is deleted and made anew: the embedded broker comes up empty and makes
    a topic, with partitions of its own choosing, as soon as a client asks about it.
    """
    partitions = layout().partitions_of(in_memory=in_memory)
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **access)
    await client.start()
    try:
        made = set(await _create(client, topics, partitions))
        wrong = await _visible_wrong(client, topics, partitions)
        for _ in range(ATTEMPTS if in_memory else 0):
            if not wrong:
                break
            await client.delete_topics(list(wrong))
            made.update(await _create(client, topics, partitions))
            wrong = await _visible_wrong(client, topics, partitions)
    finally:
        await client.close()
    if wrong:
        listed = ", ".join(f"{name} has {n}" for name, n in wrong.items())
        raise TopicsError(f"Every topic needs {partitions} partitions, but {listed}")
    return tuple(topic for topic in topics if topic in made)


async def unfit(
    bootstrap_servers: str,
    topics: Sequence[str] = TOPICS,
    *,
    in_memory: bool = False,
    access: Mapping[str, Any] = ANYBODY,
) -> tuple[str, ...]:
    """The topics that this broker does not have, or has with another number of partitions."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **access)
    await client.start()
    try:
        partitions = layout().partitions_of(in_memory=in_memory)
        return tuple(await _wrong(client, topics, partitions))
    finally:
        await client.close()


async def _create(
    client: AIOKafkaAdminClient, topics: Sequence[str], partitions: int
) -> tuple[str, ...]:
    brokers = len((await client.describe_cluster())["brokers"])
    wanted = layout()
    replicas = min(wanted.replicas, brokers)
    answer: Any = await client.create_topics(
        [NewTopic(name, partitions, replicas, topic_configs=wanted.configs) for name in topics]
    )
    failed = [error for error in answer.topic_errors if error[1] not in {0, ALREADY_EXISTS}]
    if failed:
        raise TopicsError("; ".join(f"{name}: error {code} {text}" for name, code, text in failed))
    return tuple(name for name, code, _ in answer.topic_errors if code == 0)


async def _visible_wrong(
    client: AIOKafkaAdminClient, topics: Sequence[str], partitions: int
) -> dict[str, int]:
    """What is wrong once every topic is to be seen, which takes a broker a moment."""
    wrong = await _wrong(client, topics, partitions)
    for _ in range(VISIBLE_WITHIN_LOOKS):
        if all(wrong.values()):
            break
        await asyncio.sleep(0.05)
        wrong = await _wrong(client, topics, partitions)
    return wrong


async def _wrong(
    client: AIOKafkaAdminClient, topics: Sequence[str], partitions: int
) -> dict[str, int]:
    # Asked for all of them: asked for one by name, some brokers make it.
    there = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
    return {name: there.get(name, 0) for name in topics if there.get(name) != partitions}
