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
from aiokafka import AIOKafkaProducer, errors

from libs.common import kafka, metrics, postgres
from libs.common.postgres import Connection
from libs.common.sending import send
from libs.common.settings import CommonSettings
from libs.telemetry import traces

log = structlog.get_logger()

BATCH_ROWS: Final = 500
GATHER_SECONDS: Final = 0.015
"""Between two batches of a steady flow; a row that comes after a silence does not wait."""
POLL_SECONDS: Final = (0.05, 0.5)
TOPIC_PAUSE_SECONDS: Final = 2.0
LOCK_POLL_SECONDS: Final = 1.0
LOGGED_IDS: Final = 20

# A relay that stands still, or a machine that is gone, loses the lock: it looks twice a second.
LOCK: Final = "select pg_try_advisory_lock(hashtext('relay'), hashtext(current_schema())) from set_config('idle_session_timeout', '60s', false)"

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

UNFIT = (errors.OutOfOrderSequenceNumber, errors.UnknownProducerId, errors.ProducerFenced)
"""Answers after which an idempotent producer is refused for ever: a batch that was given up leaves
a gap in what it counts. Only another producer helps."""

Fate = tuple[Any, Any]
"""A row, and the broker's answer or the error in its place."""


async def run(settings: CommonSettings, source: str, wake: asyncio.Event) -> None:
    """Publish what the outbox holds, for ever; whatever is away is waited for."""
    while True:
        try:
            await _session(settings, source, wake)
        except (*postgres.FAILED, errors.KafkaError) as error:
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

    Each row is marked after the broker's answer. A topic that fails pauses; a producer that can
    send no more raises `KafkaError`.
    """
    count, fates, unfit = 0, list[Fate](), list[errors.KafkaError]()
    rows = await _select(connection, paused, [])
    while rows and not unfit:
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
        unfit = [said for said in answers if isinstance(said, UNFIT)]
    await _mark(connection, fates)
    if unfit:
        raise unfit[0]
    return count


async def _select(connection: Connection, paused: Iterable[str], sent: list[UUID]) -> list[Any]:
    return await connection.fetch(UNPUBLISHED, list(paused), sent, BATCH_ROWS)


async def _mark(connection: Connection, fates: Sequence[Fate]) -> None:
    published = [row for row, said in fates if not isinstance(said, BaseException)]
    if published:
        await connection.execute(MARK, [row["id"] for row in published], None)
        metrics.OUTBOX_PUBLISHED.inc(len(published))
        log.info("events_published", **_about(published))
    failed = [(row, type(said).__name__) for row, said in fates if isinstance(said, BaseException)]
    if failed:
        rows, reasons = zip(*failed, strict=True)
        reason = ", ".join(sorted(set(reasons)))
        await connection.execute(MARK, [row["id"] for row in rows], reason)
        metrics.OUTBOX_FAILURES.inc(len(rows))
        log.warning("events_not_published", error=reason, **_about(rows))


def _about(rows: Sequence[Any]) -> dict[str, Any]:
    """What a log line says of rows: how many, and the ids of the first."""
    event_ids = [str(row["id"]) for row in rows[:LOGGED_IDS]]
    traced = (traces.trace_id(row["headers"].get("traceparent", "")) for row in rows[:LOGGED_IDS])
    trace_ids = list(dict.fromkeys(filter(None, traced)))
    return {"events": len(rows), "event_ids": event_ids, "trace_ids": trace_ids}
