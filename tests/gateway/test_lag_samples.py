"""What is kept of the bus agrees with what the bus says, and a bus that is away costs nothing."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from libs.common.postgres import Connection
from libs.common.settings import CommonSettings
from services.gateway.lag_samples import READERS, Sampler
from services.gateway.repository.connections import Connections
from services.gateway.repository.console import topics
from services.gateway.repository.console.topics import TopicLag
from tests.support.bus import Bus
from tests.support.database import Database

TOPIC, OTHER = "job.failed", "client.registered"
NOWHERE = "127.0.0.1:9"


def sampler(database: Database, servers: str, **readers: Sequence[str]) -> Sampler:
    lend = Connections(partial(database.connect, "gateway"), size=2).lend
    settings = CommonSettings(database_url="", kafka_bootstrap_servers=servers)
    return Sampler(settings, lend, readers)


@asynccontextmanager
async def reader(bus: Bus, group: str) -> AsyncGenerator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=bus.bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def produce(bus: Bus, topic: str, number: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bus.bootstrap_servers)
    await producer.start()
    try:
        for n in range(number):
            await producer.send_and_wait(topic, b"{}", key=str(n).encode())
    finally:
        await producer.stop()


async def read_to_the_end(consumer: AIOKafkaConsumer) -> None:
    """Read and commit until nothing is left."""
    async with asyncio.timeout(30):
        while True:
            await consumer.getmany(timeout_ms=500)
            ends = await consumer.end_offsets(consumer.assignment())
            if ends and all([await consumer.position(at) >= end for at, end in ends.items()]):
                await consumer.commit()
                return


async def said(consumer: AIOKafkaConsumer) -> int:
    """How many events wait, as the bus itself says it to a member of the group."""
    places: set[TopicPartition] = consumer.assignment()
    ends: dict[Any, int] = await consumer.end_offsets(places)
    begins: dict[Any, int] = await consumer.beginning_offsets(places)
    return sum([ends[at] - (await consumer.committed(at) or begins[at]) for at in places])


async def only(conn: Connection) -> TopicLag:
    (one,) = [one for one in await topics.lags(conn) if one.topic == TOPIC]
    return one


def test_every_reader_of_the_architecture_is_looked_at() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `([a-z_.]+)` \| [a-z, ]+ \| ([a-z, ]+) \|", page, re.MULTILINE)
    readers: dict[str, set[str]] = {}
    for topic, services in rows:
        for service in services.split(", "):
            readers.setdefault(service, set()).add(topic)

    assert {name: set(topics) for name, topics in READERS.items()} == readers


@pytest.mark.kafka
async def test_lag_and_age_grow_while_a_group_pauses_and_end_when_it_goes_on(
    database: Database, bus: Bus, conn: Connection
) -> None:
    group = f"group-{uuid4()}"
    looks = sampler(database, bus.bootstrap_servers, **{group: [TOPIC, OTHER]})
    try:
        async with reader(bus, group) as consumer:
            await read_to_the_end(consumer)
            await looks.sample()
            began = await only(conn)
            assert (began.lag, began.oldest_seconds, began.members) == (0, None, 1)

            await produce(bus, TOPIC, 5)
            await looks.sample()
            first = await only(conn)
            assert abs(first.lag - await said(consumer)) <= 1
            await produce(bus, TOPIC, 3)
            await asyncio.sleep(0.2)
            await looks.sample()
            second = await only(conn)
            assert (first.lag, second.lag) == (5, 8)
            assert 0 <= (first.oldest_seconds or -1) < (second.oldest_seconds or 0) < 60
            assert sum(one.lag for one in second.partitions) == 8

            await read_to_the_end(consumer)
            await looks.sample()
            done = await only(conn)
            assert (done.lag, done.oldest_seconds) == (0, None)
            assert done.moved_at is not None
        (past,) = [one for one in await topics.history(conn, 24) if one.topic == TOPIC]
        assert max(past.lags) == 8
    finally:
        await looks.close()


@pytest.mark.kafka
async def test_a_group_that_never_read_lags_by_all_there_is_and_has_no_members(
    database: Database, bus: Bus, conn: Connection
) -> None:
    await produce(bus, TOPIC, 2)
    looks = sampler(database, bus.bootstrap_servers, **{f"group-{uuid4()}": [TOPIC, "no.topic"]})
    try:
        await looks.sample()
        (one,) = await topics.lags(conn)
        assert one.lag >= 2
        assert (one.members, one.moved_at) == (0, None)
        assert all(at.committed is None for at in one.partitions)
        assert (one.oldest_seconds or -1) >= 0
    finally:
        await looks.close()


async def test_a_bus_that_is_away_leaves_the_figures_and_says_so(
    database: Database, conn: Connection
) -> None:
    await conn.execute("""
        insert into lag_look (looked_at, answered_at)
        values (public.clock() - interval '1 minute', public.clock() - interval '1 minute')""")
    await conn.execute("""
        insert into lag_partition (consumer_group, topic, partition, first_offset, end_offset, committed)
        values ('scraper', 'client.process', 0, 0, 9, 4)""")
    looks = sampler(database, NOWHERE, scraper=["client.process"])
    began = time.monotonic()
    await looks.sample()
    await looks.close()
    assert time.monotonic() - began < 10
    asked = await topics.asked(conn)
    assert asked is not None
    assert asked.silent
    assert not asked.overdue
    assert (asked.answered_at or asked.looked_at) < asked.looked_at
    (one,) = await topics.lags(conn)
    assert one.lag == 5


async def test_figures_that_nobody_refreshes_are_overdue(
    database: Database, conn: Connection
) -> None:
    assert await topics.asked(conn) is None
    await topics.store(conn, None)
    await database.advance(timedelta(minutes=3))
    asked = await topics.asked(conn)
    assert asked is not None
    assert asked.overdue


async def test_the_past_is_kept_for_two_days(database: Database, conn: Connection) -> None:
    await conn.execute("""
        insert into lag_sample (at, consumer_group, topic, lag, oldest_seconds)
        select public.clock() - hours * interval '1 hour', 'scraper', 'client.process', hours, 0
        from unnest(array[1, 30, 49]) as hours""")
    (past,) = await topics.history(conn, 48)
    assert sorted(zip(past.slots, past.lags, strict=True)) == [(17 * 4 + 3, 30), (46 * 4 + 3, 1)]
    await topics.store(conn, topics.Look(groups=[], partitions=[]))
    assert await conn.fetchval("select count(*) from lag_sample") == 2
