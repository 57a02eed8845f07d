"""Kafka: a consumer with our parser and our commits, a producer for the relay.

FastStream owns the consumer's life; everything that it would decide about a message is taken from
it. Raw bytes and headers reach us whatever they hold, and an offset is committed only when each
message of its batch has had its effect in PostgreSQL.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from libs import upstream
from libs.common.envelope import MAX_BYTES
from libs.common.held import Record
from libs.common.settings import CommonSettings

log = structlog.get_logger()

BATCH_MESSAGES: Final = 100
FETCH_WAIT_MS: Final = 20  # how long a broker may hold an empty answer back
BATCH_MAX_MS: Final = 24 * 3600 * 1000
"""How long a batch may be in hand before aiokafka leaves the group: the commit fails then, and the
same batch comes again, perhaps for ever. Handlers have their own budget; this is for all the pauses
between dead letters, and for a PostgreSQL that is away."""
SESSION_MS: Final = 6_000
"""How long a dead consumer keeps its partitions; the least that Apache Kafka allows."""
METADATA_MAX_AGE_MS: Final = 5_000  # how soon a topic that was made again is seen

Batch = Sequence[Record]
OnBatch = Callable[[Batch], Awaitable[None]]


class Subscription(msgspec.Struct, kw_only=True):
    """Which topics a group reads, and what is done with each batch."""

    group: str
    topics: Sequence[str]
    on_batch: OnBatch
    """Returns when the batch may be forgotten."""
    consumer: Any = None

    def is_assigned(self) -> bool:
        """Whether partitions are being read at this moment."""
        return self.consumer is not None and bool(self.consumer.assignment())


async def subscribe(settings: CommonSettings, subscription: Subscription) -> None:
    """Give every batch of a subscription to its `on_batch`, one at a time, for ever.

    On cancellation the batch in hand is finished, its offset committed and the group left.
    """
    while True:
        broker, failed = _broker(settings), asyncio.get_running_loop().create_future()
        subscriber = _subscriber(broker, subscription, failed)
        try:
            await broker.start()
        except (KafkaError, OSError) as error:
            log.warning("kafka_away", group=subscription.group, error=repr(error))
            await broker.stop()
            await asyncio.sleep(1)
            continue
        log.info("consumer_started", group=subscription.group, topics=len(subscription.topics))
        subscription.consumer = subscriber.consumer
        try:
            await upstream.hear(subscriber.consumer, failed)
        finally:
            subscription.consumer = None
            await broker.stop()


def _subscriber(
    broker: KafkaBroker, subscription: Subscription, failed: "asyncio.Future[None]"
) -> Any:
    subscriber: Any = broker.subscriber(
        *subscription.topics,
        group_id=subscription.group,
        batch=True,
        max_records=BATCH_MESSAGES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=MAX_BYTES,
        max_poll_interval_ms=BATCH_MAX_MS,
        auto_offset_reset="earliest",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 3,
        ack_policy=AckPolicy.MANUAL,
        parser=_parse,
        decoder=_records,
    )
    # FastStream's own sleeps after an empty batch, and what comes meanwhile waits.
    subscriber.get_msg = _batch

    @subscriber
    async def _(records: Any) -> None:
        try:
            await subscription.on_batch(records)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            # FastStream would go on, and the next commit pass over this batch: end the service.
            subscriber.running = False
            return failed.set_exception(error)
        # Within a partition records come in order: its last says where to go on.
        done = {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
        try:
            await subscriber.consumer.commit(done)
        except KafkaError as error:
            # The group moved on meanwhile; whoever reads these messages again finds them handled.
            log.warning("offset_not_committed", group=subscription.group, error=repr(error))

    return subscriber


async def _batch(consumer: AIOKafkaConsumer) -> tuple[Record, ...]:
    """What has come, as soon as something has; after half a second without, nothing."""
    found = await consumer.getmany(timeout_ms=500, max_records=BATCH_MESSAGES)
    return tuple(record for records in found.values() for record in records)


async def _parse(records: Any) -> KafkaMessage:
    """Total: looks into no message. Acknowledging goes nowhere: we commit after our transaction."""
    return KafkaMessage(body=b"", headers={}, raw_message=records, consumer=FAKE_CONSUMER)


async def _records(message: KafkaMessage) -> Any:
    return message.raw_message


def _broker(settings: CommonSettings) -> KafkaBroker:
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        security=_security(settings),
        consumer_only=True,
        allow_auto_create_topics=False,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        request_timeout_ms=30_000,
        graceful_timeout=65.0,
        apply_types=False,
        logger=None,
    )


def producer(settings: CommonSettings) -> AIOKafkaProducer:
    """A producer for the relay: all replicas, batches, idempotent where the broker can."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        max_request_size=MAX_BYTES,
        max_batch_size=1024 * 1024,
        request_timeout_ms=10_000,
        metadata_max_age_ms=METADATA_MAX_AGE_MS,
        security_protocol=settings.kafka_security_protocol,
        ssl_context=_tls(settings),
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_plain_username=settings.kafka_sasl_username or None,
        sasl_plain_password=settings.kafka_sasl_password or None,
    )


def _tls(settings: CommonSettings) -> ssl.SSLContext | None:
    return create_ssl_context() if settings.kafka_security_protocol.endswith("SSL") else None


def _security(settings: CommonSettings) -> BaseSecurity | None:
    context = _tls(settings)
    if not settings.kafka_security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context) if context else None
    mechanisms = {"SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    mechanism = mechanisms.get(settings.kafka_sasl_mechanism, SASLPlaintext)
    credentials = settings.kafka_sasl_username, settings.kafka_sasl_password
    return mechanism(*credentials, ssl_context=context, use_ssl=context is not None)
