"""What every service's /metrics page says of its messages."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from libs.common import kafka, outbox, service
from libs.common.consumer import Consumer, consume
from libs.common.envelope import Received
from libs.common.events import ClientErased, Event
from libs.common.metrics import LAST_SUCCESS
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from libs.telemetry.metrics import of_consumer
from tests.common.consuming import Message, announce, consumer, erased, message
from tests.support.bus import Bus
from tests.support.database import Database
from tests.support.scrape import Samples, scraped


async def test_the_outbox_is_counted_and_its_oldest_event_aged(database: Database) -> None:
    connection = await database.connect("assigner")
    assert (await scraped(database, "assigner"))["outbox_oldest_seconds",] == 0
    async with outbox.transaction(connection) as emit:
        emit(erased(), None)
        emit(erased(), None)
    await database.advance(timedelta(minutes=2))

    shown = await scraped(database, "assigner")

    assert shown["outbox_unpublished",] == 2
    assert shown["outbox_oldest_seconds",] == pytest.approx(120, abs=30)
    assert shown["metrics_failed",] == 0


async def test_events_batches_and_duplicates_are_counted(database: Database) -> None:
    connection, event = await database.connect("assigner"), message(erased())
    before = await scraped(database, "assigner")

    await consume(connection, consumer(announce), [event, message(erased()), event])
    await consume(connection, consumer(announce), [event])

    after = await scraped(database, "assigner")
    assert more(before, after, "events_handled_total", ClientErased.type) == 2
    assert more(before, after, "inbox_duplicates_total") == 2
    assert more(before, after, "batch_seconds_count") == 2
    assert after["consumer_last_success_timestamp_seconds",] > 1_700_000_000


async def test_what_is_tried_again_is_counted_once(database: Database) -> None:
    connection, known = await database.connect("assigner"), message(erased())
    await consume(connection, consumer(announce), [known])
    before = await scraped(database, "assigner")

    await consume(
        connection, consumer(refuse_two_at_once), [known, message(erased()), message(erased())]
    )

    after = await scraped(database, "assigner")
    assert more(before, after, "events_handled_total", ClientErased.type) == 2
    assert more(before, after, "inbox_duplicates_total") == 1


async def refuse_two_at_once(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
    if len(received) > 1:
        raise RuntimeError("too many")


async def test_a_replay_of_what_is_known_is_a_success(database: Database) -> None:
    connection, known = await database.connect("assigner"), message(erased())
    await consume(connection, consumer(announce), [known])
    LAST_SUCCESS.set(0)

    await consume(connection, consumer(announce), [known])

    shown = await scraped(database, "assigner")
    assert shown["consumer_last_success_timestamp_seconds",] > 0


async def test_held_messages_are_counted_by_state(database: Database) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    connection = await database.connect("assigner")
    poison = Message(b"{", [("ce_type", b"nothing")], offset=7)
    await consume(connection, consumer(broken), [message(erased()), poison])

    shown = await scraped(database, "assigner")

    assert (shown["held_messages", "waiting"], shown["held_messages", "dead"]) == (1, 1)


async def test_a_batch_leaves_one_line_with_the_ids_of_all_its_events(database: Database) -> None:
    connection = await database.connect("assigner")
    batch = [message(erased()) for _ in range(3)]
    trace = f"{'ab' * 16}"
    for one in batch[:2]:
        one.headers = [*one.headers, ("traceparent", f"00-{trace}-{'cd' * 8}-01".encode())]

    with capture_logs() as lines:
        await consume(connection, consumer(announce), batch)

    [line] = lines
    assert (line["event"], line["events"]) == ("events_handled", 3)
    assert line["event_ids"] == [dict(one.headers)["ce_id"].decode() for one in batch]
    assert line["trace_ids"] == [trace, ""]


@pytest.mark.kafka
async def test_lag_is_what_a_consumer_has_not_been_given(database: Database, bus: Bus) -> None:
    settings = settings_of(database, bus)
    in_hand, free = asyncio.Event(), asyncio.Event()
    event = ClientErased(client_id=uuid4())
    free.set()

    async def wait(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        in_hand.set()
        await free.wait()

    group = f"assigner-{uuid4()}"
    consuming = service.Consuming(
        settings, Consumer(name=group, handlers={ClientErased: wait}, wake=asyncio.Event())
    )

    asked = of_consumer(group, lambda: consuming.subscription.consumer)

    async def behind(wanted: Callable[[float], bool]) -> None:
        async with asyncio.timeout(40):
            while not wanted(  # noqa: ASYNC110 - Prometheus asks again and again too
                lag(await scraped(database, "assigner", (), asked), group)
            ):
                await asyncio.sleep(0.05)

    async with running(consuming):
        await behind(lambda messages: messages == 0)  # those of other tests are handled
        free.clear()
        in_hand.clear()
        await publish(settings, event)
        await in_hand.wait()
        for _ in range(3):
            await publish(settings, event)
        await behind(lambda messages: messages == 3)
        free.set()
        await behind(lambda messages: messages == 0)


def lag(shown: Samples, group: str) -> float:
    found = [value for labels, value in shown.items() if labels[:2] == ("consumer_lag", group)]
    return sum(found) if found else -1


def more(before: Samples, after: Samples, *labels: str) -> float:
    return after[labels] - before.get(labels, 0)


def settings_of(database: Database, bus: Bus) -> CommonSettings:
    return CommonSettings(
        database_url=database.url("assigner"),
        kafka_bootstrap_servers=bus.bootstrap_servers,
        kafka_idempotence=bus.idempotence,
    )


async def publish(settings: CommonSettings, event: Event) -> None:
    producer, own = kafka.producer(settings), message(event)
    await producer.start()
    await producer.send_and_wait(
        event.topic, own.value, key=event.key.encode(), headers=list(own.headers)
    )
    await producer.stop()


@asynccontextmanager
async def running(consuming: service.Consuming) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(task) for task in consuming.tasks()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
