"""Services really end, raise or stand still where a point says, and what was promised by then holds."""

import asyncio
import signal
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy import topics
from libs.common import held
from libs.common.events import TOPICS, SendDay
from tests.common.consuming import message
from tests.faults.load import SETTLED
from tests.faults.lone import API_KEY, environ, written
from tests.faults.zygote import Zygote
from tests.support.bus import Bus
from tests.support.database import Database
from tests.support.stack import until

pytestmark = pytest.mark.slow

DAY = date(2026, 11, 16)
NONE = timedelta(0)
TICK = "select scheduler.request_tick('send_day', $1)"


@pytest.mark.parametrize(
    "point, jobs, is_answered",
    [
        ("gateway.before-commit", 0, False),
        ("gateway.after-commit", 1, False),
        ("gateway.after-response", 1, True),
    ],
)
async def test_the_gateway_dies_around_the_commit_of_a_post(
    forks: Zygote, database: Database, tmp_path: Path, *, point: str, jobs: int, is_answered: bool
) -> None:
    admin, client_id = await database.connect(), uuid4()
    await admin.execute(SETTLED, client_id, "1", 1, 5, "01053")
    told = environ(database, "gateway", tmp_path, FAILPOINT=f"{point}:kill")
    life = await forks.fork("gateway", told, tmp_path / "gateway.log")

    answered = await _post(told, client_id)

    async with asyncio.timeout(20):
        assert await life.died == -signal.SIGKILL
    assert answered is is_answered
    assert await admin.fetchval("select count(*) from gateway.job") == jobs
    assert await admin.fetchval("select count(*) from gateway.outbox") == jobs
    await written(tmp_path / "gateway.log", f'"point":"{point}"')


async def _post(told: Mapping[str, str], client_id: UUID) -> bool:
    """Whether the POST was answered. Before it come a question and a refusal: no point of theirs."""
    base_url = f"http://127.0.0.1:{told['GATEWAY_PORT']}"
    async with httpx.AsyncClient(
        base_url=base_url, headers={"X-API-Key": API_KEY}, timeout=20
    ) as api:

        async def is_ready() -> bool:
            return (await api.get("/ready")).is_success

        await until(is_ready, 60)
        refused = await api.post("/api/process-client", json={"client_id": str(uuid4())})
        assert refused.status_code == 404
        try:
            answer = await api.post("/api/process-client", json={"client_id": str(client_id)})
        except httpx.TransportError:
            return False
        return answer.is_success


@pytest.mark.parametrize("point, has_ticked", [("before", False), ("after", True)])
async def test_the_scheduler_dies_around_the_commit_of_a_tick(
    forks: Zygote, database: Database, tmp_path: Path, *, point: str, has_ticked: bool
) -> None:
    await database.advance(datetime(2026, 11, 16, 10, tzinfo=UTC) - datetime.now(UTC))
    told = environ(database, "scheduler", tmp_path, FAILPOINT=f"scheduler.{point}-commit:kill")
    life = await forks.fork("scheduler", told, tmp_path / "scheduler.log")

    async with asyncio.timeout(60):
        assert await life.died == -signal.SIGKILL

    admin = await database.connect()
    ticks = await admin.fetchval("select count(*) from scheduler.tick")
    assert bool(ticks) is has_ticked
    assert await admin.fetchval("select count(*) from scheduler.outbox") == ticks


@pytest.mark.kafka
@pytest.mark.parametrize(
    "point, sent", [("selected", 0), ("sent-no-answer", 1), ("answered-not-marked", 1)]
)
async def test_the_relay_dies_around_the_answer_of_the_broker(
    forks: Zygote, database: Database, bus: Bus, tmp_path: Path, point: str, sent: int
) -> None:
    told = await _on_bus(bus, f"relay-{point}.")
    told |= {"FAILPOINT": f"relay.{point}:kill", "SCHEDULER_ENABLED": "false"}
    topic = f"relay-{point}.schedule.send_day"
    there = environ(database, "scheduler", tmp_path, **told)
    assert await _records(bus, topic) == 0  # its leader answers: it takes the first that comes
    admin = await database.connect()
    await admin.execute(TICK, DAY)

    life = await forks.fork("scheduler", there, tmp_path / "scheduler.log")
    async with asyncio.timeout(60):
        assert await life.died == -signal.SIGKILL

    # The broker may still be writing what it had been sent.
    await until(partial(_has_records, bus, topic, sent), 10)
    assert await admin.fetchval("select published_at from scheduler.outbox") is None
    await forks.fork("scheduler", {**there, "FAILPOINT": ""}, tmp_path / "scheduler.log")
    await until(lambda: admin.fetchval("select published_at from scheduler.outbox"), 60)
    assert await _records(bus, topic) == sent + 1


@pytest.mark.kafka
@pytest.mark.any_broker
async def test_what_was_committed_before_a_death_is_a_duplicate_afterwards(
    forks: Zygote, database: Database, bus: Bus, tmp_path: Path
) -> None:
    notes = tmp_path / "duplicates"
    told = {**await _on_bus(bus, "twice."), "DUPLICATES": str(notes)}
    there = environ(database, "gateway", tmp_path, **told, FAILPOINT="gateway-day.committed:kill")
    admin = await _ticked(forks, database, tmp_path, told)

    life = await forks.fork("gateway", there, tmp_path / "gateway.log")
    async with asyncio.timeout(60):
        assert await life.died == -signal.SIGKILL
    assert await admin.fetchval("select count(*) from gateway.tick_handled") == 1
    await forks.fork("gateway", {**there, "FAILPOINT": ""}, tmp_path / "gateway.log")

    await written(notes, "gateway 1")
    assert await admin.fetchval("select count(*) from gateway.inbox") == 1


@pytest.mark.kafka
@pytest.mark.any_broker
@pytest.mark.parametrize("action", ["raise", "sleep:1:0.5"])
async def test_a_handler_that_fails_or_rests_once_has_its_effect_at_last(
    forks: Zygote, database: Database, bus: Bus, tmp_path: Path, action: str
) -> None:
    told = await _on_bus(bus, f"{action[:5]}.")
    log = tmp_path / "gateway.log"
    there = environ(database, "gateway", tmp_path, **told, FAILPOINT=f"handler.entered:{action}")
    admin = await _ticked(forks, database, tmp_path, told)

    life = await forks.fork("gateway", there, log)

    await until(lambda: admin.fetchval("select count(*) from gateway.tick_handled"), 60)
    await written(log, '"event":"failpoint"')
    assert life.alive


@pytest.mark.parametrize("point", ["held.taken", "held.done"])
async def test_a_held_message_is_tried_again_by_who_comes_after(
    forks: Zygote, database: Database, tmp_path: Path, point: str
) -> None:
    admin, tick = await database.connect(), message(SendDay(due_on=DAY, late=False))
    await held.hold(await database.connect("gateway"), "gateway", tick, "why", again_after=NONE)
    there = environ(database, "gateway", tmp_path, FAILPOINT=f"{point}:kill")

    life = await forks.fork("gateway", there, tmp_path / "gateway.log")
    async with asyncio.timeout(60):
        assert await life.died == -signal.SIGKILL
    assert await admin.fetchval("select count(*) from gateway.tick_handled") == 0
    await forks.fork("gateway", {**there, "FAILPOINT": ""}, tmp_path / "gateway.log")

    done = "select state = 'done' from gateway.held_message"
    await until(lambda: admin.fetchval(done), 60)
    assert await admin.fetchval("select count(*) from gateway.tick_handled") == 1


async def _on_bus(bus: Bus, prefix: str) -> dict[str, str]:
    names = [prefix + topic for topic in TOPICS]
    await topics.create(bus.bootstrap_servers, names, in_memory=bus.makes_topics)
    return {"KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap_servers, "TOPIC_PREFIX": prefix}


async def _ticked(
    forks: Zygote, database: Database, tmp_path: Path, told: Mapping[str, str]
) -> Any:
    """A tick is on the bus; the answer is a connection to look with."""
    admin = await database.connect()
    await admin.execute(TICK, DAY)
    there = environ(database, "scheduler", tmp_path, **told, SCHEDULER_ENABLED="false")
    await forks.fork("scheduler", there, tmp_path / "scheduler.log")
    await until(lambda: admin.fetchval("select published_at from scheduler.outbox"), 60)
    return admin


async def _has_records(bus: Bus, topic: str, number: int) -> bool:
    return await _records(bus, topic) == number


async def _records(bus: Bus, topic: str) -> int:
    """How many a topic has."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bus.bootstrap_servers)
    await consumer.start()
    try:
        await consumer._client.add_topic(topic)
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)
        ]
        return sum((await consumer.end_offsets(partitions)).values())
    finally:
        await consumer.stop()
