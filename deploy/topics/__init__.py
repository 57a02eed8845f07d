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
    replicas: int
    configs: dict[str, str]


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
    replace: bool = False,
    access: Mapping[str, Any] = ANYBODY,
) -> tuple[str, ...]:
    """Make what is missing and name it; refuse a topic with another number of partitions.

    With `replace` such a topic is deleted and made anew: for a broker that just came up empty and
    makes a topic, with partitions of its own choosing, as soon as a client asks about it.
    """
    wanted = layout()
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **access)
    await client.start()
    try:
        made = set(await _create(client, topics, wanted))
        wrong = await _visible_wrong(client, topics, wanted)
        for _ in range(ATTEMPTS if replace else 0):
            if not wrong:
                break
            await client.delete_topics(list(wrong))
            made.update(await _create(client, topics, wanted))
            wrong = await _visible_wrong(client, topics, wanted)
    finally:
        await client.close()
    if wrong:
        listed = ", ".join(f"{name} has {n}" for name, n in wrong.items())
        raise TopicsError(f"Every topic needs {wanted.partitions} partitions, but {listed}")
    return tuple(topic for topic in topics if topic in made)


async def unfit(
    bootstrap_servers: str,
    topics: Sequence[str] = TOPICS,
    *,
    access: Mapping[str, Any] = ANYBODY,
) -> tuple[str, ...]:
    """The topics that this broker does not have, or has with another number of partitions."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **access)
    await client.start()
    try:
        return tuple(await _wrong(client, topics, layout()))
    finally:
        await client.close()


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


async def _visible_wrong(
    client: AIOKafkaAdminClient, topics: Sequence[str], wanted: Layout
) -> dict[str, int]:
    """What is wrong once every topic is to be seen, which takes a broker a moment."""
    wrong = await _wrong(client, topics, wanted)
    for _ in range(VISIBLE_WITHIN_LOOKS):
        if all(wrong.values()):
            break
        await asyncio.sleep(0.05)
        wrong = await _wrong(client, topics, wanted)
    return wrong


async def _wrong(
    client: AIOKafkaAdminClient, topics: Sequence[str], wanted: Layout
) -> dict[str, int]:
    # Asked for all of them: asked for one by name, some brokers make it.
    there = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
    return {name: there.get(name, 0) for name in topics if there.get(name) != wanted.partitions}
