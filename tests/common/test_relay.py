import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import OutOfOrderSequenceNumber, ProducerClosed

from libs.common import kafka, outbox, relay, sending
from libs.common.envelope import MAX_BYTES, UnreadableError, read
from libs.common.events import ClientErased, ClientRegistered
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from tests.common.relaying import publish
from tests.support.bus import Bus
from tests.support.database import Database

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(database: Database, bus: Bus) -> CommonSettings:
    return CommonSettings(
        database_url=database.url("gateway"),
        kafka_bootstrap_servers=bus.bootstrap_servers,
        kafka_idempotence=bus.idempotence,
    )


@pytest.fixture
async def producer(settings: CommonSettings) -> AsyncGenerator[AIOKafkaProducer]:
    started = kafka.producer(settings)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def connection(database: Database) -> Connection:
    return await database.connect("gateway")


async def write(connection: Connection, *client_ids: UUID) -> None:
    async with outbox.transaction(connection) as emit:
        for client_id in client_ids:
            emit(ClientErased(client_id=client_id), None)


async def unpublished(connection: Connection) -> list[Any]:
    return await connection.fetch(relay.UNPUBLISHED, [], [], 1000)


async def erased_clients(bus: Bus, count: int, wanted: set[UUID]) -> list[UUID]:
    consumer = AIOKafkaConsumer(
        ClientErased.topic, bootstrap_servers=bus.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[UUID] = []
    try:
        async with asyncio.timeout(20):
            async for record in consumer:
                with suppress(UnreadableError):  # other tests poison the same topic
                    client_id = read(record.headers, record.value).event.client_id
                    found += [client_id] if client_id in wanted else []
                if len(found) >= count:
                    return found
    finally:
        await consumer.stop()
    return found


async def test_what_is_written_reaches_the_topic_and_is_marked(
    connection: Connection, producer: AIOKafkaProducer, bus: Bus
) -> None:
    client_ids = [uuid4() for _ in range(20)]
    await write(connection, *client_ids)

    failed = await publish(connection, producer)

    assert failed == set()
    assert await unpublished(connection) == []
    assert set(await erased_clients(bus, 20, set(client_ids))) == set(client_ids)


async def test_a_topic_that_is_not_there_stops_no_other(
    connection: Connection, producer: AIOKafkaProducer, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bus.makes_topics:
        pytest.skip("the embedded broker makes every topic that it is asked for: `make test-kafka`")
    monkeypatch.setattr(sending, "METADATA_SECONDS", 0.3)
    async with outbox.transaction(connection) as emit:
        emit(ClientErased(client_id=uuid4()), None)
        emit(ClientRegistered(client_id=uuid4()), None)
    await connection.execute(
        "update outbox set topic = 'nowhere' where topic = 'client.registered'"
    )

    failed = await publish(connection, producer)

    assert failed == {"nowhere"}
    [left] = await connection.fetch(
        "select topic, attempts, last_error from outbox where published_at is null"
    )
    assert tuple(left) == ("nowhere", 1, "UnknownTopicOrPartitionError")


async def test_an_event_that_cannot_be_sent_stops_no_other(
    connection: Connection, producer: AIOKafkaProducer
) -> None:
    async with outbox.transaction(connection) as emit:
        emit(ClientErased(client_id=uuid4()), None)
        emit(ClientRegistered(client_id=uuid4()), None)
    huge = b" " * (MAX_BYTES + 1)
    await connection.execute("update outbox set payload = $1 where topic = 'client.erased'", huge)

    failed = await publish(connection, producer)

    assert failed == {"client.erased"}
    [left] = await connection.fetch(
        "select topic, last_error from outbox where published_at is null"
    )
    assert tuple(left) == ("client.erased", "MessageSizeTooLargeError")


async def test_a_waking_relay_publishes_and_survives_a_lost_connection(
    settings: CommonSettings, connection: Connection, database: Database, bus: Bus
) -> None:
    wake = asyncio.Event()
    running = asyncio.create_task(relay.run(settings, "gateway", wake))
    try:
        one, two = uuid4(), uuid4()
        await write(connection, one)
        assert await erased_clients(bus, 1, {one}) == [one]
        admin = await database.connect()
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gateway' and pid <> $1",
            connection.get_server_pid(),
        )
        await write(connection, two)
        wake.set()
        assert await erased_clients(bus, 1, {two}) == [two]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_woken_relay_gathers_after_a_batch_but_not_after_a_silence(
    settings: CommonSettings, connection: Connection, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "GATHER_SECONDS", 1.0)
    monkeypatch.setattr(relay, "POLL_SECONDS", (60, 60))  # only waking helps
    wake, client_ids = asyncio.Event(), [uuid4() for _ in range(3)]
    running = asyncio.create_task(relay.run(settings, "gateway", wake))
    try:
        for client_id, silence in zip(client_ids, (0, 0, 1.1), strict=True):
            await asyncio.sleep(silence)
            await write(connection, client_id)
            wake.set()
            await erased_clients(bus, 1, {client_id})
    finally:
        running.cancel()
        await asyncio.wait({running})

    first, second, third = await connection.fetch(
        "select created_at, published_at from outbox order by seq"
    )
    assert (second["published_at"] - first["published_at"]).total_seconds() >= 1
    assert (third["published_at"] - third["created_at"]).total_seconds() < 1


async def test_a_relay_waits_for_its_table(
    settings: CommonSettings, connection: Connection, database: Database, bus: Bus
) -> None:
    admin, client_id = await database.connect(), uuid4()
    await write(connection, client_id)
    await admin.execute("alter table gateway.outbox rename to not_yet")
    running = asyncio.create_task(relay.run(settings, "gateway", asyncio.Event()))
    try:
        ended, _ = await asyncio.wait({running}, timeout=1)
        assert not ended
        await admin.execute("alter table gateway.not_yet rename to outbox")
        assert await erased_clients(bus, 1, {client_id}) == [client_id]
    finally:
        running.cancel()
        await asyncio.wait({running})


async def closed(*_: Any, **__: Any) -> Any:
    raise ProducerClosed


async def out_of_order(*_: Any, **__: Any) -> Any:
    answer = asyncio.get_running_loop().create_future()
    answer.set_exception(OutOfOrderSequenceNumber())
    return answer


@pytest.mark.parametrize("send_batch", [closed, out_of_order])
async def test_a_producer_that_can_send_no_more_is_replaced(
    settings: CommonSettings,
    connection: Connection,
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
    send_batch: Any,
) -> None:
    client_id, real = uuid4(), kafka.producer
    await write(connection, client_id)
    made: list[AIOKafkaProducer] = []

    def producer(_: CommonSettings) -> AIOKafkaProducer:
        made.append(real(settings))
        if len(made) == 1:
            monkeypatch.setattr(made[0], "send_batch", send_batch)
        return made[-1]

    monkeypatch.setattr(kafka, "producer", producer)
    running = asyncio.create_task(relay.run(settings, "gateway", asyncio.Event()))
    try:
        assert await erased_clients(bus, 1, {client_id}) == [client_id]
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert len(made) == 2


async def test_only_one_relay_of_a_schema_is_active(
    settings: CommonSettings, database: Database
) -> None:
    first, second = await database.connect("gateway"), await database.connect("gateway")
    other_schema = await database.connect("notifier")

    assert await first.fetchval(relay.LOCK)
    assert not await second.fetchval(relay.LOCK)
    assert await other_schema.fetchval(relay.LOCK)
    assert await first.fetchval("show idle_session_timeout") == "1min", (
        "one that stands still yields"
    )
