import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import RequestTimedOutError
from aiokafka.partitioner import DefaultPartitioner
from structlog.testing import capture_logs

from libs.common import kafka, relay, sending
from libs.common.metrics import OUTBOX_FAILURES, OUTBOX_PUBLISHED
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from tests.common.relaying import arrived, keys, left, publish, write
from tests.support.bus import Bus
from tests.support.database import Database

pytestmark = pytest.mark.kafka

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def settings(database: Database, bus: Bus) -> CommonSettings:
    return CommonSettings(
        database_url=database.url("gateway"),
        kafka_bootstrap_servers=bus.bootstrap_servers,
        kafka_idempotence=bus.idempotence,
    )


@pytest.fixture
async def producer(database: Database, bus: Bus) -> AsyncGenerator[AIOKafkaProducer]:
    started = kafka.producer(settings(database, bus))
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def connection(database: Database) -> Connection:
    return await database.connect("gateway")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH_ROWS", 10)


def by_key(events: list[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for key, event_id in events:
        found[key].append(event_id)
    return found


async def test_a_backlog_arrives_whole_and_once_with_each_key_in_its_order(
    connection: Connection, producer: AIOKafkaProducer, bus: Bus, small_batches: None
) -> None:
    written = keys(7) * 13
    ids = await write(connection, written)

    assert await publish(connection, producer) == set()

    assert await left(connection) == 0
    found = await arrived(bus, ids)
    assert by_key(found) == by_key(list(zip(written, ids, strict=True)))


async def test_what_a_batch_has_no_room_for_follows_in_its_order(
    connection: Connection, producer: AIOKafkaProducer, bus: Bus
) -> None:
    producer._message_accumulator._batch_size = 1500
    written = keys(1) * 30
    ids = await write(connection, written)

    await publish(connection, producer)

    assert [event_id for _, event_id in await arrived(bus, ids)] == ids


async def test_of_a_topic_that_failed_nothing_more_is_sent_and_the_others_go_on(
    connection: Connection,
    producer: AIOKafkaProducer,
    small_batches: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [key] = keys(1)
    first = await write(connection, [key] * 10)
    await write(connection, [key] * 5 + keys(1))
    others = await write(connection, keys(4), topic="client.registered")
    tried = refuse(producer, monkeypatch, "client.erased")

    with capture_logs() as lines:
        failed = await publish(connection, producer)

    assert failed == {"client.erased"}
    assert tried == ["client.erased"]
    [line] = [line for line in lines if line["event"] == "events_not_published"]
    assert line["event_ids"] == [str(event_id) for event_id in first]
    assert await left(connection) == 16
    rows = await connection.fetch("select id from outbox where published_at is not null")
    assert {row["id"] for row in rows} == set(others)
    reasons = await connection.fetch(
        "select last_error, count(*) from outbox where attempts = 1 group by 1 order by 1"
    )
    assert [tuple(row) for row in reasons] == [("RequestTimedOutError", 10), (None, 4)]


def refuse(producer: AIOKafkaProducer, monkeypatch: pytest.MonkeyPatch, topic: str) -> list[str]:
    """The broker does not answer for a topic from now on; returns what was tried."""
    tried: list[str] = []
    real = producer.send_batch

    async def send_batch(batch: Any, to: str, *, partition: int) -> Any:
        if to != topic:
            return await real(batch, to, partition=partition)
        tried.append(to)
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(RequestTimedOutError())
        return answer

    monkeypatch.setattr(producer, "send_batch", send_batch)
    return tried


async def test_no_batch_leaves_before_the_answer_for_the_one_before(
    connection: Connection,
    producer: AIOKafkaProducer,
    small_batches: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await write(connection, keys(1) * 25)
    under_way, most = 0, 0
    real = producer.send_batch

    async def send_batch(batch: Any, topic: str, *, partition: int) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        answer = asyncio.ensure_future(await real(batch, topic, partition=partition))
        answer.add_done_callback(answered)
        return answer

    def answered(_: Any) -> None:
        nonlocal under_way
        under_way -= 1

    monkeypatch.setattr(producer, "send_batch", send_batch)

    await publish(connection, producer)

    assert (most, await left(connection)) == (1, 0)


async def test_a_row_is_not_marked_before_the_broker_has_answered(
    connection: Connection, producer: AIOKafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(connection, keys(1))
    silence = asyncio.get_running_loop().create_future()

    async def send_batch(*_: Any, **__: Any) -> Any:
        return silence

    monkeypatch.setattr(producer, "send_batch", send_batch)
    publishing = asyncio.create_task(publish(connection, producer))
    await asyncio.wait({publishing}, timeout=0.2)

    assert not publishing.done()
    assert await left(connection) == 1
    silence.set_result(None)
    await publishing
    assert await left(connection) == 0


async def test_a_session_that_is_lost_marks_nothing_more(
    connection: Connection,
    producer: AIOKafkaProducer,
    database: Database,
    bus: Bus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids, real = await write(connection, keys(1) * 3), producer.send_batch
    own = await database.connect("gateway")

    async def send_batch(*args: Any, **kwargs: Any) -> Any:
        answer = await real(*args, **kwargs)
        await asyncio.wait({answer})
        own.terminate()  # the broker has the rows, the relay has its answer
        return answer

    monkeypatch.setattr(producer, "send_batch", send_batch)
    with pytest.raises(Exception, match="closed"):
        await publish(own, producer)
    monkeypatch.undo()

    assert await left(connection) == 3
    await publish(connection, producer)
    assert {event_id for _, event_id in await arrived(bus, ids)} == set(ids)


async def test_a_batch_leaves_one_line_and_is_counted(
    connection: Connection, producer: AIOKafkaProducer
) -> None:
    ids = await write(connection, keys(30), trace=TRACE)
    before = OUTBOX_PUBLISHED._value.get(), OUTBOX_FAILURES._value.get()

    with capture_logs() as lines:
        await publish(connection, producer)

    [line] = [line for line in lines if line["event"] == "events_published"]
    assert line["events"] == 30
    assert len(line["event_ids"]) == 20
    assert {*line["event_ids"]} <= {str(event_id) for event_id in ids}
    assert line["trace_ids"] == ["0af7651916cd43dd8448eb211c80319c"]
    assert (OUTBOX_PUBLISHED._value.get(), OUTBOX_FAILURES._value.get()) == (
        before[0] + 30,
        before[1],
    )


@pytest.mark.parametrize(
    "key", [b"a", b"abcd", b"0b4e1c52-5a5c-4f2e-b7a3-6a2d4a6b6f10", "é".encode()]
)
def test_a_key_goes_where_every_client_of_kafka_puts_it(key: bytes) -> None:
    everywhere = list(range(12))

    assert sending.partition_of(key, 12) == DefaultPartitioner()(key, everywhere, everywhere)
