"""What is done in a forked service before its main: the ways of a run, and at most one fault.

Production code knows nothing of it, and an image holds no tests: nothing of this can be switched on
there.
"""

import importlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from aiokafka import client as aiokafka_client

from libs.common import inbox, kafka, relay
from libs.common.held import Record
from libs.common.kafka import Subscription
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from services.gateway import lag
from tests.faults.failpoints import arm_failpoint
from tests.faults.limits import limit

PREFIX: Final = re.compile(r"[A-Za-z0-9._-]*")
ROWS: Final = (
    " from (select id, '{prefix}' || topic as topic, key, type, payload, headers, created_at,"
    " published_at, seq from outbox) as outbox"
)


class ArmingError(RuntimeError):
    """The environment asks for what cannot be armed."""


def arm(environ: Mapping[str, str]) -> None:
    """Do as told by MUTANT, TOPIC_PREFIX, KAFKA_VIA, DUPLICATES, LIMITS and FAILPOINT (one or several)."""
    if environ.get("MUTANT"):
        _mutate(environ["MUTANT"])
    if environ.get("TOPIC_PREFIX"):
        _prefix_topics(environ["TOPIC_PREFIX"])
    if environ.get("KAFKA_VIA"):
        _go_via(environ["KAFKA_VIA"])
    if environ.get("DUPLICATES"):
        _note_duplicates(environ["DUPLICATES"])
    if environ.get("LIMITS"):
        limit(environ["LIMITS"])
    for wanted in environ.get("FAILPOINT", "").split():
        arm_failpoint(wanted)


def _mutate(name: str) -> None:
    patch = importlib.import_module("tests.faults.mutants").MUTANTS[name].patch
    if patch is not None:
        patch()


def _go_via(address: str) -> None:
    """Every connection to a broker goes to this address, whatever the brokers say of themselves."""
    host, _, port = address.rpartition(":")
    connect = aiokafka_client.create_conn

    async def create_conn(_host: str, _port: int, **options: Any) -> Any:
        return await connect(host, int(port), **options)

    aiokafka_client.create_conn = create_conn


def _prefix_topics(prefix: str) -> None:
    """Topics and groups of this run's own, at the edges: our tables know the plain names."""
    if not PREFIX.fullmatch(prefix):
        raise ArmingError(f"{prefix!r} cannot begin the name of a topic")
    if relay.UNPUBLISHED.count(" from outbox") != 1:
        raise ArmingError("the relay selects in another way")
    # Within the statement, so that what it is told of topics that pause holds.
    unpublished = relay.UNPUBLISHED.replace(" from outbox", ROWS.format(prefix=prefix))
    relay.UNPUBLISHED = unpublished  # pyright: ignore[reportConstantRedefinition]
    subscribe, is_lagging = kafka.subscribe, lag.is_lagging

    async def subscribe_prefixed(settings: CommonSettings, subscription: Subscription) -> None:
        on_batch = subscription.on_batch

        async def plain(records: Sequence[Any]) -> None:
            await on_batch([_without(prefix, record) for record in records])

        subscription.group = prefix + subscription.group
        subscription.topics = [prefix + topic for topic in subscription.topics]
        subscription.on_batch = plain
        await subscribe(settings, subscription)

    async def is_lagging_prefixed(
        settings: CommonSettings, groups: Mapping[str, Sequence[str]]
    ) -> bool:
        own = {prefix + name: [prefix + topic for topic in groups[name]] for name in groups}
        return await is_lagging(settings, own)

    kafka.subscribe = subscribe_prefixed
    lag.is_lagging = is_lagging_prefixed


def _without(prefix: str, record: Any) -> Record:
    return replace(record, topic=record.topic.removeprefix(prefix))


def _note_duplicates(path: str) -> None:
    """Write a line for each batch that held events already known: `consumer n`."""
    notes = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    accept = inbox.accept

    async def accept_noting(
        connection: Connection, consumer: str, event_ids: Sequence[UUID]
    ) -> set[UUID]:
        new = await accept(connection, consumer, event_ids)
        if len(event_ids) > len(new):
            os.write(notes, f"{consumer} {len(event_ids) - len(new)}\n".encode())
        return new

    inbox.accept = accept_noting
