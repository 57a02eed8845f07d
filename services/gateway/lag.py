"""Whether events wait on the bus for a service to handle them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from libs.common.settings import CommonSettings

log = structlog.get_logger()

WORKERS: Final[Mapping[str, Sequence[str]]] = {
    "scraper": ("client.process",),
    "assigner": ("properties.ready",),
    "notifier": ("properties.assigned",),
}
"""The steps of a job: which service reads what."""


async def is_lagging(settings: CommonSettings, groups: Mapping[str, Sequence[str]]) -> bool:
    """Whether a group has not come to the end of its topics; true too while the bus is away."""
    try:
        for group, topics in groups.items():
            if await _behind(settings, group, topics):
                return True
    except (KafkaError, OSError) as error:
        log.warning("lag_unknown", error=type(error).__name__)
        return True
    return False


async def _behind(settings: CommonSettings, group: str, topics: Sequence[str]) -> bool:
    consumer: Any = _consumer(settings, group)
    try:
        await consumer.start()
        partitions = [
            TopicPartition(topic, number)
            for topic in topics
            for number in await _numbers(consumer, topic)
        ]
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        # One by one: not every broker answers for all offsets of a group at once.
        for partition in partitions:
            committed = await consumer.committed(partition)
            if (begins[partition] if committed is None else committed) < ends[partition]:
                return True
        return False
    finally:
        await consumer.stop()


async def _numbers(consumer: Any, topic: str) -> Sequence[int]:
    # The first question about a topic only has the client learn of it.
    await consumer._client.add_topic(topic)  # noqa: SLF001 - no public way to ask without reading
    return sorted(consumer.partitions_for_topic(topic) or ())


def _consumer(settings: CommonSettings, group: str) -> Any:
    """One that asks for the offsets of a group without joining it."""
    protocol = settings.kafka_security_protocol
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        security_protocol=protocol,
        ssl_context=create_ssl_context() if protocol.endswith("SSL") else None,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_plain_username=settings.kafka_sasl_username or None,
        sasl_plain_password=settings.kafka_sasl_password or None,
    )
