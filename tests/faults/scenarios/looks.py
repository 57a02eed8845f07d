"""What scenarios look up in the running system, past every fault that they have made."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.faults.oracle.expected import everywhere, subscriptions
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.servers import PARTITIONS
from tests.faults.zygote import Life

COUNT_UNPUBLISHED: Final = everywhere(
    "select count(*) from {schema}.outbox where published_at is null"
)
WRITTEN: Final = everywhere("select id, topic, key, created_at from {schema}.outbox")
HAD: Final = (
    "select client_id, home_key, job_id from assigner.assignment order by 1, 2",
    "select id, state, message_id, attempts from notifier.mail order by 1",
    "select id, status, run from gateway.job order by 1",
)
APART_SECONDS: Final = 1.0
"""Events of one moment have no order to keep."""
READ_MS: Final = 1_000


async def happens(event: asyncio.Event, says: str, seconds: float = 60) -> None:
    """Wait for something that the rig has arranged."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        raise Violated(f"{says}: not within {seconds:.0f} s") from None


async def probe(life: Life, path: str) -> httpx.Response:
    """What a service answers on its private port: the last that it opened."""
    ports = [
        one.laddr.port
        for one in psutil.Process(life.pid).net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    ]
    async with httpx.AsyncClient(timeout=10) as client:
        for port in ports:
            answer = await client.get(f"http://127.0.0.1:{port}{path}")
            if answer.status_code != 404:
                return answer
    raise Violated(f"the {life.service} answers to no {path}")


async def unpublished(rig: Rig) -> int:
    """How many events wait in the outboxes."""
    return sum(row[0] for row in await rig.query(COUNT_UNPUBLISHED))


async def effects(rig: Rig) -> list[list[Any]]:
    """What clients have had of the system: doors, mails, jobs."""
    return [await rig.query(statement) for statement in HAD]


def logged(rig: Rig, service: str, event: str) -> int:
    """How many lines of a service's log say so."""
    log = rig.folder / f"{service}.log"
    return log.read_text(errors="replace").count(f'"event":"{event}"') if log.exists() else 0


async def committed(rig: Rig) -> int:
    """The offsets that all groups have committed, added up: it grows when anything is handled."""
    total = 0
    for group, partitions in groups(rig).items():
        async with _member(rig, group) as reader:
            total += sum([await reader.committed(one) or 0 for one in partitions])
    return total


async def behind(rig: Rig) -> int:
    """How many records the groups have not handled yet."""
    waiting = 0
    for group, partitions in groups(rig).items():
        async with _member(rig, group) as reader:
            for one, end in (await reader.end_offsets(partitions)).items():
                waiting += end - (await reader.committed(one) or 0)
    return waiting


async def rewind(rig: Rig) -> None:
    """Have every group begin at its first record; none may have a member."""
    for group, partitions in groups(rig).items():
        async with _member(rig, group) as reader:
            reader.assign(partitions)
            await reader.commit(dict.fromkeys(partitions, 0))


async def in_order(rig: Rig) -> None:
    """The events of a key reach their topic in the order in which they were written."""
    places = await _places(rig)
    newest: dict[tuple[str, str], tuple[Any, int]] = {}
    for row in sorted(await rig.query(WRITTEN), key=lambda row: row["created_at"]):
        place, key = places.get(row["id"]), (row["topic"], row["key"])
        if place is None:
            raise Violated(f"{row['topic']} {row['id']} is on no topic")
        before, its_place = newest.get(key, (row["created_at"], place))
        if its_place > place and (row["created_at"] - before).total_seconds() > APART_SECONDS:
            raise Violated(f"{row['topic']} {row['id']} came before an older one of its key")
        newest[key] = (row["created_at"], place)


async def _places(rig: Rig) -> Mapping[UUID, int]:
    """Of each event the first place at which it stands on its partition."""
    places: dict[UUID, int] = {}
    partitions = {one for ours in groups(rig).values() for one in ours}
    async with _member(rig, None) as reader:
        reader.assign(list(partitions))
        await reader.seek_to_beginning()
        ends = await reader.end_offsets(list(partitions))
        deadline = time.monotonic() + 30
        while [one for one, end in ends.items() if await reader.position(one) < end]:
            if time.monotonic() > deadline:
                raise Violated("the topics could not be read to their ends")
            for records in (await reader.getmany(timeout_ms=READ_MS)).values():
                for record in records:
                    said = dict(record.headers).get("ce_id", b"").decode(errors="replace")
                    if said:
                        places.setdefault(UUID(said), record.offset)
    return places


def groups(rig: Rig) -> Mapping[str, Sequence[TopicPartition]]:
    """The groups of this run, with every partition that each reads."""
    return {
        f"{rig.prefix}{name}": [
            TopicPartition(f"{rig.prefix}{topic}", number)
            for topic in topics
            for number in range(PARTITIONS)
        ]
        for name, topics in subscriptions().items()
    }


@asynccontextmanager
async def _member(rig: Rig, group: str | None) -> AsyncGenerator[Any]:
    """Speaks for a group without joining it."""
    reader = AIOKafkaConsumer(bootstrap_servers=rig.bus, group_id=group, enable_auto_commit=False)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()
