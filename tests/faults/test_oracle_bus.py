"""Of outboxes, inboxes, groups and dead letters: I3, I4 and I5 turn red."""

from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.faults.ledger import Poison
from tests.faults.oracle.lag import behind
from tests.faults.world import World
from tests.support.bus import Bus

STRANGER = UUID(int=7)

PLANTS = {
    "an event is not published": ("I3", "update scheduler.outbox set published_at = null"),
    "a message is held": (
        "I3",
        """
        insert into notifier.held_message (consumer, topic, partition, "offset", headers, raw,
          raw_sha256, reason, error, state, next_attempt_at)
        values ('notifier', 'job.failed', 0, 1, '[]', 'x', sha256('x'), 'Error', '', 'waiting',
                public.clock())
        """,
    ),
    "an event was not handled": ("I4", "delete from notifier.inbox"),
    "an event was handled twice": ("I4", "insert into notifier.inbox select * from notifier.inbox"),
    "an event was handled that nobody wrote": (
        "I4",
        "insert into notifier.inbox (consumer, event_id) values ('notifier', uuidv7())",
    ),
    "an event was handled by whom it is not for": (
        "I4",
        "insert into assigner.inbox (consumer, event_id) select 'assigner', id from scheduler.outbox",
    ),
    "a dead letter is another's": ("I5", "update scraper.held_message set consumer = 'assigner'"),
    "its bytes are others": ("I5", "update scraper.held_message set raw = 'x', raw_sha256 = sha256('x')"),
    "its bytes are not those of its hash": ("I5", "update scraper.held_message set raw_sha256 = 'x'"),
    "its key is another": ("I5", "update scraper.held_message set key = 'x'"),
    "its headers are others": ("I5", "update scraper.held_message set headers = '[]'"),
    "a tombstone is empty": ("I5", "update scraper.held_message set raw = '' where raw is null"),
    "a dead letter is gone": ("I5", "delete from scraper.held_message where raw is null"),
    "an honest event is dead": (
        "I5",
        """
        insert into notifier.held_message (consumer, event_id, topic, partition, "offset", headers,
          raw, raw_sha256, reason, error, state)
        select 'notifier', id, topic, 0, 1, '[]', payload, sha256(payload), 'Error', '', 'dead'
        from gateway.outbox where topic = 'client.registered' limit 1
        """,
    ),
}  # fmt: skip

UNHANDLED = """
    delete from notifier.inbox where event_id in (select event_id from notifier.held_message)
"""


@pytest.mark.parametrize("says", PLANTS)
async def test_events(world: World, says: str) -> None:
    red, sql = PLANTS[says]
    await world.plant("alter table notifier.inbox drop constraint inbox_pkey", sql)

    assert await world.red() == {red}


async def test_a_handler_that_runs_twice_says_everything_twice(world: World) -> None:
    await world.say_again("scraper", "trackimmo.properties.ready.v1")

    assert await world.red() == {"I4"}


async def test_what_the_rig_put_on_the_bus_may_be_handled(world: World) -> None:
    await world.connection.execute(
        "insert into notifier.inbox (consumer, event_id) values ('notifier', $1)", STRANGER
    )
    world.ledger.injected.add(STRANGER)

    assert await world.red() == set()


async def test_what_a_scenario_made_fail_may_die(world: World) -> None:
    await world.plant(PLANTS["an honest event is dead"][1], UNHANDLED)
    dead = await world.connection.fetch("select event_id from notifier.held_message")
    world.ledger.may_die |= {row["event_id"] for row in dead}

    assert await world.red() == set()


async def test_a_poison_is_held_by_each_of_its_readers(world: World) -> None:
    poison = Poison(topic="client.erased", value=b"?", consumers=("assigner", "notifier"))
    world.ledger.poisons.append(poison)

    assert await world.red() == {"I5"}


@pytest.mark.kafka
async def test_a_group_is_behind_until_it_has_committed(bus: Bus) -> None:
    servers: Any = {"bootstrap_servers": bus.bootstrap_servers}
    producer = AIOKafkaProducer(**servers, enable_idempotence=bus.idempotence)
    await producer.start()
    sent = await producer.send_and_wait("job.failed", b"{}", key=b"one")
    await producer.stop()
    lags = await behind(bus.bootstrap_servers, "", patience_seconds=0)
    assert lags["notifier"] >= 1

    consumer: Any = AIOKafkaConsumer(**servers, group_id="notifier", enable_auto_commit=False)
    await consumer.start()
    partition = TopicPartition("job.failed", sent.partition)
    consumer.assign([partition])
    ends = await consumer.end_offsets([partition])
    settled = ends[partition] - (await consumer.committed(partition) or 0)
    await consumer.commit(ends)
    await consumer.stop()

    assert settled >= 1  # more, where other tests said something there before
    assert (await behind(bus.bootstrap_servers, "", 0))["notifier"] == lags["notifier"] - settled
