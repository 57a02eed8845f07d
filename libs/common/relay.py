"""The relay: what the outbox of a schema holds reaches Kafka, at least once and soon.

One is active for each schema. It selects and marks on the very session that holds the advisory
lock, so losing the lock is losing the ability to mark; two for a moment are harmless.

While a backlog lasts, one batch is marked while the next is encoded, and the one after that is
selected while the broker answers. No batch is sent before the broker has answered for the one
before it, nor more of a topic that has just failed: so the events of a key keep their order.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.common import kafka, metrics, postgres
from libs.common.postgres import Connection
from libs.common.sending import send
from libs.common.settings import CommonSettings
from libs.telemetry import traces

log = structlog.get_logger()

BATCH_ROWS: Final = 500
GATHER_SECONDS: Final = 0.01
"""Between two batches of a steady flow; a row that comes after a silence does not wait."""
POLL_SECONDS: Final = (0.05, 0.5)
TOPIC_PAUSE_SECONDS: Final = 2.0
LOCK_POLL_SECONDS: Final = 1.0
LOGGED_IDS: Final = 20

LOCK: Final = "select pg_try_advisory_lock(hashtext('relay'), hashtext(current_schema()))"

# `published_at is null`, never `seq > last seen`: sequences commit out of order.
UNPUBLISHED: Final = """
    select id, topic, key, type, payload, headers, created_at from outbox
    where published_at is null and topic <> all($1::text[]) and id <> all($2::uuid[])
    order by seq limit $3
"""

MARK: Final = """
    update outbox set attempts = attempts + 1, last_error = $2::text,
      published_at = case when $2 is null then public.clock() else published_at end
    where id = any($1::uuid[])
"""

Fate = tuple[Any, Any]
"""A row, and the broker's answer or the error in its place."""


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
    patience, quiet_until = POLL_SECONDS[0], 0.0
    while True:
        wake.clear()
        now = time.monotonic()
        paused = {topic: until for topic, until in paused.items() if until > now}
        if await publish(connection, producer, source, paused):
            patience, quiet_until = POLL_SECONDS[0], time.monotonic() + GATHER_SECONDS
        else:
            patience = min(patience * 2, POLL_SECONDS[1])
        with suppress(TimeoutError):  # nobody wakes us for what another process wrote
            async with asyncio.timeout(patience):
                await wake.wait()
                await asyncio.sleep(quiet_until - time.monotonic())


async def publish(
    connection: Connection, producer: AIOKafkaProducer, source: str, paused: dict[str, float]
) -> int:
    """Publish what waits, but for topics that pause, until a batch has room; says how many rows.

    Each row is marked after the broker's answer. A topic that fails pauses.
    """
    count, fates = 0, list[Fate]()
    rows = await _select(connection, paused, [])
    while rows:
        # The marking first: PostgreSQL works on it while we encode.
        _, sent = await asyncio.gather(_mark(connection, fates), send(producer, source, rows))
        ids = [row["id"] for group, _ in sent for row in group]
        count += len(ids)
        is_all = len(ids) == len(rows) < BATCH_ROWS
        rows = [] if is_all else await _select(connection, paused, ids)
        answers = await asyncio.gather(*[answer for _, answer in sent], return_exceptions=True)
        fates = [
            (row, said) for (group, _), said in zip(sent, answers, strict=True) for row in group
        ]
        failed = {row["topic"] for row, said in fates if isinstance(said, BaseException)}
        paused |= dict.fromkeys(failed, time.monotonic() + TOPIC_PAUSE_SECONDS)
        rows = [row for row in rows if row["topic"] not in failed]
    await _mark(connection, fates)
    return count


async def _select(connection: Connection, paused: Iterable[str], sent: list[UUID]) -> list[Any]:
    return await connection.fetch(UNPUBLISHED, list(paused), sent, BATCH_ROWS)


async def _mark(connection: Connection, fates: Sequence[Fate]) -> None:
    errors = {row["id"]: type(e).__name__ for row, e in fates if isinstance(e, BaseException)}
    published = [row for row, _ in fates if row["id"] not in errors]
    if published:
        ids = [row["id"] for row in published]
        await connection.execute(MARK, ids, None)
        metrics.OUTBOX_PUBLISHED.inc(len(ids))
        heads = [row["headers"].get("traceparent", "") for row in published[:LOGGED_IDS]]
        trace_ids = list(dict.fromkeys(filter(None, map(traces.trace_id, heads))))
        event_ids = [str(event_id) for event_id in ids[:LOGGED_IDS]]
        log.info("events_published", events=len(ids), event_ids=event_ids, trace_ids=trace_ids)
    if errors:
        reason = ", ".join(sorted(set(errors.values())))
        await connection.execute(MARK, list(errors), reason)
        metrics.OUTBOX_FAILURES.inc(len(errors))
        log.warning("events_not_published", events=len(errors), error=reason)
