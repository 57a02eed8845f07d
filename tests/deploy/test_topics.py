from collections.abc import Generator

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy import topics
from tests.support.bus import Bus, running_bus

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def empty_bus() -> Generator[Bus]:
    with running_bus() as started:
        yield started


async def _make(bus: Bus, name: str, partitions: int) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=bus.bootstrap_servers)
    await client.start()
    try:
        await client.create_topics([NewTopic(name, partitions, 1)])
    finally:
        await client.close()


async def test_all_topics_are_made_once(empty_bus: Bus) -> None:
    servers = empty_bus.bootstrap_servers
    assert await topics.unfit(servers) == topics.TOPICS
    assert await topics.create(servers) == topics.TOPICS
    assert await topics.create(servers) == ()
    assert await topics.unfit(servers) == ()


async def test_a_topic_with_other_partitions_is_named(empty_bus: Bus) -> None:
    await _make(empty_bus, "narrow", 4)
    with pytest.raises(topics.TopicsError, match="needs 12 partitions, but narrow has 4"):
        await topics.create(empty_bus.bootstrap_servers, ["narrow"])


async def test_what_an_empty_broker_made_by_itself_is_replaced(empty_bus: Bus) -> None:
    await _make(empty_bus, "hasty", 4)
    made = await topics.create(empty_bus.bootstrap_servers, ["hasty"], in_memory=True)
    assert made == ("hasty",)
    assert await topics.unfit(empty_bus.bootstrap_servers, ["hasty"], in_memory=True) == ()


def test_every_topic_keeps_30_days_and_takes_16_mib() -> None:
    assert msgspec.to_builtins(topics.layout()) == {
        "partitions": 12,
        "in_memory_partitions": 3,
        "replicas": 3,
        "configs": {
            "retention.ms": str(30 * 24 * 3600 * 1000),
            "max.message.bytes": str(16 * 1024 * 1024),
        },
    }


def test_a_guarded_broker_is_entered_as_the_services_do() -> None:
    told = topics.security(
        {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": "immo",
            "KAFKA_SASL_PASSWORD": "secret",
        }
    )
    assert told.pop("ssl_context").check_hostname
    assert told == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "immo",
        "sasl_plain_password": "secret",
    }
    assert topics.security({}) == {}
