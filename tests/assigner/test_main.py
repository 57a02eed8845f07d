"""The assigner as its consumer sees it: events in, rows and events out."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec

from libs.common.consumer import consume
from libs.common.events import ClientErased, Event, PropertiesReady
from libs.common.ids import uuid7
from services.assigner.main import consumer
from services.assigner.settings import AssignerSettings
from tests.assigner.stock import add, ready, street
from tests.support.database import Database


class Message(msgspec.Struct, kw_only=True):
    """A Kafka record."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    topic: str
    offset: int
    partition: int = 0
    key: bytes | None = None


def message(offset: int, event: Event, event_id: UUID | None = None) -> Message:
    headers = {"ce_id": str(event_id or uuid7()), "ce_type": event.type}
    return Message(
        value=msgspec.json.encode(event),
        headers=[(name, value.encode()) for name, value in headers.items()],
        topic=event.topic,
        offset=offset,
    )


def settings(database: Database, geocoder_url: str = "") -> AssignerSettings:
    return AssignerSettings(
        database_url=database.url("assigner"),
        kafka_bootstrap_servers="k:1",
        geocoder_url=geocoder_url,
    )


async def test_a_batch_of_both_kinds_of_event_is_handled_once(database: Database):
    await add(database, street(30))
    connection, wake = await database.connect("assigner"), asyncio.Event()
    gone, stays, repeated = ready().event, ready().event, uuid7()
    batch = [
        message(1, gone),
        message(2, ClientErased(client_id=gone.client_id)),
        message(3, stays, repeated),
        message(4, stays, repeated),
    ]

    await consume(connection, consumer(settings(database), wake), batch)

    assert wake.is_set()
    assert await connection.fetch(
        "select client_id, count(*) as doors from delivered group by client_id"
    ) == [(stays.client_id, 10)]
    told = await connection.fetch("select key from outbox where topic = 'properties.assigned'")
    assert sorted(row["key"] for row in told) == sorted([str(gone.client_id), str(stays.client_id)])


async def test_what_can_never_hold_fails_the_step_and_spares_the_others(database: Database):
    await add(database, street(30))
    connection = await database.connect("assigner")
    good, bad = ready().event, ready(count=0).event

    await consume(
        connection,
        consumer(settings(database), asyncio.Event()),
        [message(1, good), message(2, bad)],
    )

    told = await connection.fetch("select topic, key from outbox order by topic")
    assert told == [
        ("properties.assigned", str(good.client_id)),
        ("step.failed", str(bad.client_id)),
    ]


def test_a_job_step_is_left_to_the_ladder(database: Database):
    assert consumer(settings(database), asyncio.Event()).steps == {PropertiesReady: "assign"}


async def test_a_choice_is_told_at_once_or_waits_for_its_doors(database: Database):
    await add(database, street(30))
    connection, waiting = await database.connect("assigner"), asyncio.Event()
    plain, asking = settings(database), settings(database, geocoder_url="http://geocoder.test")

    await consume(
        connection, consumer(plain, asyncio.Event(), waiting), [message(1, ready().event)]
    )
    assert not waiting.is_set()
    await consume(
        connection, consumer(asking, asyncio.Event(), waiting), [message(2, ready().event)]
    )

    assert waiting.is_set()
    told = await connection.fetch("select key from outbox where topic = 'properties.assigned'")
    assert len(told) == 1
    assert await connection.fetchval("select count(*) from awaited_position") == 1
