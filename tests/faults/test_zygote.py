import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from deploy import topics
from libs.common.events import TOPICS
from tests.faults.lone import environ, written
from tests.faults.zygote import SERVICES, Life, Zygote, ZygoteError
from tests.support.bus import Bus
from tests.support.database import Database
from tests.support.stack import until

PREFIX = "zygote."
TODAY = date(2026, 11, 16)


async def test_every_service_starts_and_ends_when_asked(
    forks: Zygote, database: Database, tmp_path: Path
) -> None:
    lives = [
        await forks.fork(name, environ(database, name, tmp_path), tmp_path / f"{name}.log")
        for name in SERVICES
    ]
    for life in lives:
        await written(tmp_path / f"{life.service}.log", "service_started")
        life.signal(signal.SIGTERM)

    async with asyncio.timeout(60):
        statuses = {life.service: await life.died for life in lives}

    assert statuses == dict.fromkeys(SERVICES, 0)


async def test_a_fork_has_nothing_of_the_zygote_but_its_imports(
    forks: Zygote, database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "scheduler.log"
    life = await forks.fork("scheduler", environ(database, "scheduler", tmp_path), log)
    await written(log, "service_started")

    of_zygote = opened(forks._process.pid)

    assert {number: opened(life.pid)[number] for number in (0, 1, 2)} == {
        0: "/dev/null",
        1: str(log),
        2: str(log),
    }
    assert not {each for each in of_zygote.values() if each.startswith("pipe:")} & set(
        opened(life.pid).values()
    )
    assert os.getpgid(life.pid) == life.pid


async def test_a_death_is_told_with_its_signal(
    forks: Zygote, database: Database, tmp_path: Path
) -> None:
    life = await forks.fork(
        "scheduler", environ(database, "scheduler", tmp_path), tmp_path / "scheduler.log"
    )

    life.signal(signal.SIGKILL)

    async with asyncio.timeout(10):
        assert await life.died == -signal.SIGKILL
    assert not life.alive


async def test_a_bad_setting_ends_a_fork_with_one_sentence(forks: Zygote, tmp_path: Path) -> None:
    life = await forks.fork("scheduler", {"LOG_LEVEL": "INFO"}, tmp_path / "log")

    async with asyncio.timeout(10):
        assert await life.died == 1
    assert "DATABASE_URL is missing" in (tmp_path / "log").read_text()


async def test_children_end_with_their_zygote(
    forks: Zygote, database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "scheduler.log"
    life = await forks.fork("scheduler", environ(database, "scheduler", tmp_path), log)
    await written(log, "service_started")

    forks._process.kill()

    async with asyncio.timeout(10):
        assert await life.died == -signal.SIGKILL

    async def is_gone() -> bool:
        return not await asyncio.to_thread(Path("/proc", str(life.pid), "exe").exists)

    await until(is_gone, 10)
    with pytest.raises(ZygoteError):
        await forks.fork("scheduler", {}, log)


@pytest.mark.kafka
async def test_services_work_under_a_prefix_and_through_a_proxy(
    forks: Zygote, database: Database, bus: Bus, tmp_path: Path
) -> None:
    await topics.create(
        bus.bootstrap_servers, [PREFIX + topic for topic in TOPICS], in_memory=bus.makes_topics
    )
    async with _forwarding(bus.bootstrap_servers) as (address, connections):
        told = {"KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap_servers, "KAFKA_VIA": address}
        told |= {"TOPIC_PREFIX": PREFIX, "SCHEDULER_ENABLED": "false"}
        for name in ("scheduler", "gateway"):
            there = environ(database, name, tmp_path, **told)
            await forks.fork(name, there, tmp_path / f"{name}.log")
        admin = await database.connect()
        await admin.execute("select scheduler.request_tick('send_day', $1)", TODAY)
        await until(lambda: admin.fetchval("select count(*) from gateway.tick_handled"), 60)

    assert await _values(bus, f"{PREFIX}schedule.send_day") == [{"due_on": "2026-11-16"}]
    assert (
        await admin.fetchval("select count(*) from gateway.inbox where consumer = 'gateway'") == 1
    )
    assert connections


def opened(pid: int) -> dict[int, str]:
    """The open files of a process."""
    found = dict[int, str]()
    for entry in Path("/proc", str(pid), "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found[int(entry.name)] = str(entry.readlink())
    return found


async def _values(bus: Bus, topic: str) -> list[Any]:
    consumer: Any = AIOKafkaConsumer(
        topic, bootstrap_servers=bus.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            record = await consumer.getone()
    finally:
        await consumer.stop()
    said = msgspec.json.decode(record.value)
    return [{"due_on": said["due_on"]}]


@asynccontextmanager
async def _forwarding(target: str) -> AsyncGenerator[tuple[str, list[Any]]]:
    """A way to a server that notes who takes it."""
    host, _, port = target.rpartition(":")
    taken: list[Any] = []
    pumps: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                while came := await reader.read(1 << 16):
                    writer.write(came)
                    await writer.drain()
        finally:
            writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer.get_extra_info("peername"))
        there = await asyncio.open_connection(host, int(port))
        ways = (pump(reader, there[1]), pump(there[0], writer))
        pumps.extend(asyncio.create_task(way) for way in ways)

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", taken
    finally:
        server.close()
        for one in pumps:
            one.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def test_a_life_that_is_over_takes_no_signal() -> None:
    async def over() -> None:
        life = Life("scheduler", os.getpid())
        life.died.set_result(0)
        life.signal(signal.SIGKILL)
        assert not life.alive

    asyncio.run(over())
