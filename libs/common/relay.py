"""The relay: what the outbox of a schema holds reaches Kafka, at least once and soon.

One is active for each schema. It selects and marks on the very session that holds the advisory
lock, so losing the lock is losing the ability to mark; two for a moment are harmless.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.common import kafka, postgres
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings

log = structlog.get_logger()

BATCH_ROWS: Final = 500
GATHER_SECONDS: Final = 0.005
POLL_SECONDS: Final = (0.05, 0.5)
TOPIC_PAUSE_SECONDS: Final = 2.0
LOCK_POLL_SECONDS: Final = 1.0
METADATA_SECONDS: Final = 3.0

LOCK: Final = "select pg_try_advisory_lock(hashtext('relay'), hashtext(current_schema()))"

# `published_at is null`, never `seq > last seen`: sequences commit out of order.
UNPUBLISHED: Final = """
    select id, topic, key, type, payload, headers, created_at from outbox
    where published_at is null and topic <> all($1::text[])
    order by seq limit $2
"""

MARK: Final = """
    update outbox set published_at = public.clock(), attempts = attempts + 1, last_error = null
    where id = any($1::uuid[])
"""

MARK_FAILED: Final = """
    update outbox set attempts = attempts + 1, last_error = $2 where id = any($1::uuid[])
"""


async def run(settings: CommonSettings, source: str, wake: asyncio.Event) -> None:
    """Publish what the outbox holds, for ever; whatever is away is waited for."""
    while True:
        try:
            await _session(settings, source, wake)
        except (*postgres.FAILED, KafkaError) as error:
            log.warning("relay_interrupted", error=type(error).__name__)
            await asyncio.sleep(1)


async def _session(settings: CommonSettings, source: str, wake: asyncio.Event) -> None:
    producer = kafka.producer(settings)
    try:
        async with postgres.connection(settings.database_url) as connection:
            while not await connection.fetchval(LOCK):  # noqa: ASYNC110 - the lock is elsewhere
                await asyncio.sleep(LOCK_POLL_SECONDS)
            await producer.start()
            await _publish_for_ever(connection, producer, source, wake)
    finally:
        await producer.stop()


async def _publish_for_ever(
    connection: Connection, producer: AIOKafkaProducer, source: str, wake: asyncio.Event
) -> None:
    paused: dict[str, float] = {}
    patience = POLL_SECONDS[0]
    while True:
        wake.clear()
        now = time.monotonic()
        paused = {topic: until for topic, until in paused.items() if until > now}
        rows = await connection.fetch(UNPUBLISHED, list(paused), BATCH_ROWS)
        failed = await publish(connection, producer, source, rows)
        paused.update(dict.fromkeys(failed, time.monotonic() + TOPIC_PAUSE_SECONDS))
        patience = POLL_SECONDS[0] if rows else min(patience * 2, POLL_SECONDS[1])
        if len(rows) < BATCH_ROWS:
            await _wait(wake, patience)


async def _wait(wake: asyncio.Event, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            await wake.wait()
    except TimeoutError:
        return
    await asyncio.sleep(GATHER_SECONDS)


async def publish(
    connection: Connection, producer: AIOKafkaProducer, source: str, rows: Sequence[Any]
) -> set[str]:
    """Publish rows and mark those that the broker answered for; returns the topics that failed."""
    if not rows:
        return set()
    unknown = await _unknown_topics(producer, {row["topic"] for row in rows})
    wanted = [row for row in rows if row["topic"] not in unknown]
    answers = await asyncio.gather(
        *[await _send(producer, source, row) for row in wanted], return_exceptions=True
    )
    errors = {
        row["id"]: error
        for row, error in zip(wanted, answers, strict=True)
        if isinstance(error, BaseException)
    }
    await connection.execute(MARK, [row["id"] for row in wanted if row["id"] not in errors])
    missing = [row["id"] for row in rows if row["topic"] in unknown]
    if errors or missing:
        said = (
            ", ".join({type(error).__name__ for error in errors.values()})
            or "the topic is not there"
        )
        await connection.execute(MARK_FAILED, [*errors, *missing], said)
        log.warning("events_not_published", events=len(errors) + len(missing), error=said)
    return unknown | {row["topic"] for row in wanted if row["id"] in errors}


async def _unknown_topics(producer: AIOKafkaProducer, topics: set[str]) -> set[str]:
    """Topics that the broker does not know yet: asking one by one would stop the others."""

    async def known(topic: str) -> bool:
        try:
            async with asyncio.timeout(METADATA_SECONDS):
                return bool(await producer.partitions_for(topic))
        except (TimeoutError, KafkaError):
            return False

    ordered = sorted(topics)
    answers = await asyncio.gather(*map(known, ordered))
    return {topic for topic, there in zip(ordered, answers, strict=True) if not there}


async def _send(
    producer: AIOKafkaProducer, source: str, row: Mapping[str, Any]
) -> "asyncio.Future[Any]":
    """The broker's answer to come; a row that cannot even be sent has its answer at once."""
    key, headers = row["key"].encode() or None, _headers(source, row)
    try:
        return await producer.send(row["topic"], row["payload"], key=key, headers=headers)
    except KafkaError as error:
        refused = asyncio.get_running_loop().create_future()
        refused.set_exception(error)
        return refused


def _headers(source: str, row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary content mode of the Kafka protocol binding."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(row["id"]),
        "ce_type": row["type"],
        "ce_source": f"/{source}",
        "ce_subject": row["key"],
        "ce_time": row["created_at"].isoformat(),
        "content-type": "application/json",
        **row["headers"],
    }
    return [(name, value.encode()) for name, value in headers.items()]
