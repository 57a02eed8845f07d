"""What the tests of the relay share: rows of a key, and what a topic holds of them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from libs.common import relay
from libs.common.envelope import UnreadableError, read
from libs.common.events import ClientErased
from libs.common.postgres import Connection
from tests.support.bus import Bus

WRITE = """
    insert into outbox (topic, key, type, payload, headers)
    select $1, key, $4, convert_to('{"client_id":"' || key || '"}', 'UTF8'), $3
    from unnest($2::text[]) as key
    returning id
"""


LEFT = "select count(*) from outbox where published_at is null"


def keys(count: int) -> list[str]:
    return [str(uuid4()) for _ in range(count)]


async def write(
    connection: Connection, written: Sequence[str], topic: str = "client.erased", trace: str = ""
) -> list[UUID]:
    """Rows with these keys, in this order; returns their ids."""
    rows = await connection.fetch(
        WRITE, topic, list(written), {"traceparent": trace}, ClientErased.type
    )
    return [row["id"] for row in rows]


async def publish(connection: Connection, producer: AIOKafkaProducer) -> set[str]:
    """Publish what waits; the topics that failed."""
    paused: dict[str, float] = {}
    await relay.publish(connection, producer, "gateway", paused)
    return set(paused)


async def left(connection: Connection) -> int:
    return int(await connection.fetchval(LEFT) or 0)


async def arrived(
    bus: Bus, wanted: Sequence[UUID], topic: str = "client.erased"
) -> list[tuple[str, UUID]]:
    """Key and id of these events as the topic holds them, once all are there."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bus.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[tuple[str, UUID]] = []
    missing = set(wanted)
    try:
        async with asyncio.timeout(20):
            while missing:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        with suppress(UnreadableError):  # other tests poison the same topic
                            event = read(record.headers, record.value)
                            if event.id in wanted:
                                found.append(((record.key or b"").decode(), event.id))
                                missing.discard(event.id)
    finally:
        await consumer.stop()
    return found
