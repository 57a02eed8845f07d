"""What Kafka does to us: away, slow, restarted, emptied, silent about what it has stored."""

import asyncio
import shutil
import time
from functools import partial
from typing import Final

from aiokafka.errors import KafkaError

from deploy.local import kafka
from deploy.local.outboxes import Replay
from deploy.local.settings import SERVICES
from tests.faults.load import process, register
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import QUIET_SECONDS, quiet
from tests.faults.scenario import OUTAGE_SECONDS, scenario
from tests.faults.scenarios import looks

SESSION_SECONDS: Final = 7.0
"""After it Kafka has forgotten the members of a group that were killed."""
LONG_AGO: Final = "2026-01-01T00:00:00Z"
CONSUMING: Final = ("scraper", "assigner", "notifier")


@scenario("F5", "Kafka is away when the services start, and for 30 s")
async def away_at_boot(rig: Rig) -> None:
    """They serve what they can, say what is missing, and recover unaided."""
    rig.kafka.down()
    rig.keep_down(*SERVICES)
    rig.let_up(*SERVICES)
    await asyncio.sleep(OUTAGE_SECONDS)
    for service in CONSUMING:
        answer = await looks.probe(rig.of(service), "/ready")
        if answer.status_code != 503 or "partition" not in answer.text:
            raise Violated(f"{service} without Kafka says {answer.status_code} {answer.text}")
    rig.expect("no service gave up for want of Kafka", partial(no_crash, rig))
    rig.kafka.up()


@scenario("F6", "Kafka is away for 30 s under load", telling=True)
async def away(rig: Rig) -> None:
    """The gateway goes on accepting, the outboxes grow, the relays resume in order."""
    await rig.loaded.wait()
    rig.kafka.down()
    began = time.monotonic()
    await process(rig, await register(rig, 90))
    accepted_after = time.monotonic() - began
    if accepted_after > OUTAGE_SECONDS / 2:
        raise Violated(f"without Kafka the gateway took {accepted_after:.0f} s to accept a job")
    await asyncio.sleep(OUTAGE_SECONDS - accepted_after)
    if not await looks.unpublished(rig):
        raise Violated("Kafka was away and nothing waited in an outbox")
    rig.expect("the relays resume in order", partial(looks.in_order, rig))
    rig.expect("no service gave up for want of Kafka", partial(no_crash, rig))
    rig.kafka.up()


@scenario("F7", "Kafka is slow, loses connections and speaks in pieces, for 30 s")
async def bad_network(rig: Rig) -> None:
    """Two seconds each round trip, a reset at one of a hundred stretches, some bytes at a time."""
    rig.kafka.latency_seconds, rig.kafka.reset_share, rig.kafka.slice = 1.0, 0.01, 400
    await asyncio.sleep(OUTAGE_SECONDS)
    rig.expect("the relays keep the order of each key", partial(looks.in_order, rig))
    rig.kafka.heal()


@scenario("F8", "Kafka is killed and comes back while handlers run", alone=True)
async def restarted(rig: Rig) -> None:
    """Consumers resume consuming, whatever they had in hand."""
    await asyncio.sleep(rig.random.uniform(0.5, 3))
    rig.servers.kill_kafka()
    await asyncio.sleep(OUTAGE_SECONDS)
    await rig.servers.start_kafka()
    rig.expect("the consumers resume", partial(looks.in_order, rig))
    await process(rig, await register(rig, 90))


@scenario("F9", "Every group begins again at its first record")
async def heard_again(rig: Rig) -> None:
    """A full replay changes nothing."""
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    before = await looks.effects(rig)
    for service in SERVICES:
        await rig.stop(service)
    await looks.rewind(rig)
    waiting = await looks.behind(rig)
    rig.ledger.replayed += waiting
    rig.note(f"{waiting} records heard again")
    for service in SERVICES:
        await rig.start(service)
    await rig.until(partial(_all_heard, rig), 90)
    if await looks.effects(rig) != before:
        raise Violated("events that came again changed what clients had")


@scenario("F9-wiped", "Kafka loses everything under load, and is rebuilt from the outboxes")
async def wiped(rig: Rig) -> None:
    """Topics made anew, 30 days said again: the month still ends right."""
    await asyncio.sleep(rig.random.uniform(1, 4))
    rig.keep_down(*SERVICES)
    await asyncio.sleep(SESSION_SECONDS)
    await rig.servers.delete_topics(rig.prefix)
    await rig.until(partial(_made_again, rig))
    again = await Replay(rig.database.url()).everything()
    rig.note(f"{again} events said again")
    rig.let_up(*SERVICES)


@scenario(
    "F9-lost", "Kafka dies under load and comes back empty beside living services", alone=True
)
async def lost(rig: Rig) -> None:
    """As docs/operations.md has it: topics made, the outboxes said again at one request."""
    await asyncio.sleep(rig.random.uniform(1, 4))
    rig.servers.kill_kafka()
    await rig.loaded.wait()
    await asyncio.to_thread(_empty, rig.servers.node)
    await rig.servers.start_kafka()
    await rig.until(partial(_made_again, rig))
    answer = await rig.admin.post("/admin/outbox/replay", json={"since": LONG_AGO})
    if not answer.is_success:
        raise Violated(f"the replay was refused: {answer.status_code} {answer.text}")
    rig.ledger.operated.append(("outbox.replay", "all"))
    rig.note(answer.json()["message"])


@scenario("F10", "Kafka stores what is produced and its answers are lost", telling=True)
async def answers_lost(rig: Rig) -> None:
    """What the broker has and the relay does not know of has its effect once."""
    for _ in range(5):
        await looks.happens(rig.kafka.drop_answer(times=2), "two answers lost")


async def no_crash(rig: Rig) -> None:
    """No process has ended but by the hand of the rig."""
    if rig.crashes:
        raise Violated(f"{rig.crashes} processes gave up")


async def _all_heard(rig: Rig) -> bool:
    return not await looks.behind(rig)


def _empty(node: kafka.Node) -> None:
    shutil.rmtree(node.folder / "log")
    kafka.prepare(node)


async def _made_again(rig: Rig) -> bool:
    """Kafka deletes a topic some time after it has said so."""
    try:
        await rig.servers.make_topics(rig.prefix)
    except (RuntimeError, KafkaError):
        return False
    return True
