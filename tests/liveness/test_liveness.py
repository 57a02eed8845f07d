"""A process that does not get on with its work says so, and then ends itself."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from libs import liveness
from libs.liveness import Progress
from tests.support.database import Database

PULSE = "select stuck_since is not null as stuck from pulse"
HEALTH = "select beat_at is not null as beats, stuck_since, relays from health"


class Clock:
    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


class Running:
    """A consumer as far as it is asked how it gets on."""

    def __init__(self, end: int = 0, position: int | None = 0) -> None:
        self.end, self.at = end, position
        self.is_away = False

    def assignment(self) -> set[str]:
        return {"client.process/0"}

    async def end_offsets(self, partitions: set[str]) -> dict[str, int]:
        if self.is_away:
            raise ConnectionError
        return dict.fromkeys(partitions, self.end)

    async def position(self, _: str) -> int:
        if self.at is None:
            await asyncio.Event().wait()
        return self.at or 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(liveness, "time", clock := Clock())
    return clock


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def progress(clock: Clock, ended: list[str]) -> Progress:
    return Progress(end=lambda: ended.append("ended"))


@pytest.fixture
async def hung(progress: Progress) -> AsyncGenerator[asyncio.Event]:
    """A batch in hand until this is set."""
    free = asyncio.Event()

    async def on_batch(_: Sequence[int]) -> None:
        await free.wait()

    task = asyncio.create_task(as_coroutine(progress.watched(on_batch, lambda: None)([1])))
    await asyncio.sleep(0)
    yield free
    free.set()
    await task


async def as_coroutine(work: Any) -> None:
    await work


@pytest.fixture
def url(database: Database) -> str:
    return database.url("scraper")


Look = Callable[[float], Any]


@pytest.fixture
def later(progress: Progress, clock: Clock, url: str) -> Look:
    """What is logged when it is looked so many seconds later."""

    async def look(seconds: float) -> list[str]:
        clock.seconds += seconds
        with capture_logs() as lines:
            await progress.look(url)
        return [line["event"] for line in lines]

    return look


@pytest.mark.usefixtures("hung")
async def test_a_batch_that_hangs_is_told_once_then_the_process_ends(
    progress: Progress, later: Look, database: Database, ended: list[str]
) -> None:
    gateway = await database.connect("gateway")
    assert await later(140) == []
    assert progress.problem() == ""
    assert await later(15) == ["consumer_stuck"]
    assert progress.problem() == "No event was settled for 155 s, though some wait"
    assert await later(10) == []
    shown = await gateway.fetchrow(HEALTH.replace("health", "scraper.health"))
    assert shown
    assert shown["stuck_since"]
    assert ended == []
    assert await later(50) == ["process_ends_itself"]
    assert ended == ["ended"]


async def test_each_message_of_a_slow_batch_is_a_step(
    progress: Progress, later: Look, hung: asyncio.Event
) -> None:
    for _ in range(5):
        assert await later(100) == []
        assert progress.made("an outcome") == "an outcome"
    await later(160)
    hung.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await later(0) == ["consumer_moves_again"]
    assert progress.problem() == ""


@pytest.mark.usefixtures("hung")
async def test_who_waits_for_postgresql_is_well(
    progress: Progress, clock: Clock, ended: list[str]
) -> None:
    for _ in range(10):
        clock.seconds += 140
        await progress.look("postgresql://scraper@127.0.0.1:1/nowhere")
    assert (progress.problem(), ended) == ("", [])


async def test_who_waits_for_the_bus_is_well_and_who_has_nothing_to_do(
    progress: Progress, later: Look, ended: list[str]
) -> None:
    running = Running(end=7, position=7)
    progress.watched(as_coroutine, lambda: running)
    assert await later(1000) == []
    running.is_away, running.end = True, 9
    assert await later(1000) == []
    running.is_away = False
    assert await later(100) == []
    assert ended == []


@pytest.mark.parametrize("position", [3, None])
async def test_a_consumer_that_does_not_read_what_waits_is_stuck(
    progress: Progress,
    later: Look,
    ended: list[str],
    monkeypatch: pytest.MonkeyPatch,
    position: int | None,
) -> None:
    monkeypatch.setattr(liveness, "POSITION_SECONDS", 0.05)
    running = Running(end=9, position=position)
    progress.watched(as_coroutine, lambda: running)
    assert await later(160) == ["consumer_stuck"]
    assert await later(60) == ["process_ends_itself"]
    assert ended == ["ended"]


async def test_a_service_without_a_consumer_beats(
    later: Look, database: Database, ended: list[str]
) -> None:
    own = await database.connect("scraper")
    assert await later(1000) == []
    assert [row["stuck"] for row in await own.fetch(PULSE)] == [False]
    assert ended == []


async def test_where_it_hangs_is_told_without_values(
    progress: Progress, clock: Clock, url: str, hung: asyncio.Event
) -> None:
    clock.seconds += 200
    with capture_logs() as lines:
        await progress.look(url)
    assert any("Event.wait" in place for place in lines[0]["where"])


BLOCKED = """
import asyncio, time
from libs import liveness
liveness.BLOCKED_SECONDS = 1
async def main():
    watching = asyncio.create_task(liveness.progress.watch("postgresql://nobody@127.0.0.1:1/x"))
    await asyncio.sleep(0.2)
    time.sleep(60)
asyncio.run(main())
"""


async def test_a_loop_that_stands_still_ends_the_process_with_its_stack() -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", BLOCKED],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b"in main" in done.stderr


HUNG = """
import asyncio, sys
from libs import liveness
from libs.telemetry import log
liveness.BEAT_SECONDS, liveness.TOLD_SECONDS, liveness.END_SECONDS = 0.1, 0.5, 1.0
async def forever(batch):
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass  # a handler that cannot even be cancelled
async def main():
    log.configure("scraper")
    taking = liveness.progress.watched(forever, lambda: None)
    async with asyncio.TaskGroup() as group:
        group.create_task(taking([1]))
        group.create_task(liveness.progress.watch(sys.argv[1]))
asyncio.run(main())
"""


async def test_a_hung_handler_ends_its_process_though_it_cannot_be_cancelled(url: str) -> None:
    command = [sys.executable, "-c", HUNG, url]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, timeout=60, check=False
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["consumer_stuck", "process_ends_itself"]
    assert any("Event.wait" in place for place in lines[0]["where"])
    assert done.returncode == liveness.EXIT_STATUS
