"""Keeps the processes of a table running, in the order of their needs.

What ends is started again after 0.5 s, doubling to 10 s, anew from 0.5 s after 30 s of health.
A step that fails the first time ends the stack; later it is tried again like a process.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from deploy.local import lives
from deploy.local.spec import Process, Say, Step, StepError, Table, stopping_order

Changed = Callable[[dict[str, int]], None]

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 10.0
HEALTHY_AFTER: Final = 30.0
POLL: Final = 0.05
PATIENCE: Final = (9.0, 4.5)
"""Seconds that the first wave of processes, and each later one, get to stop by themselves."""


class Supervisor:
    """One table at work. `pids` holds what runs now; `changed` is told whenever that changes."""

    def __init__(self, table: Table, log_dir: Path, *, say: Say, changed: Changed) -> None:
        self.table = table
        self.log_dir = log_dir
        self.say = say
        self.changed = changed
        self.pids: dict[str, int] = {}
        self.deaths = Counter[str]()
        """How often each ended since it was last healthy."""
        self._times_up = dict.fromkeys((row.name for row in table), 0)
        self._up: set[str] = set()
        self._news = asyncio.Condition()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._patience = PATIENCE[0]

    async def run(self, until: asyncio.Event) -> None:
        """Everything up and kept up until the event is set; then all stopped, in order."""
        self.log_dir.mkdir(parents=True, exist_ok=True)
        for row in self.table:
            work = self._keep(row) if isinstance(row, Process) else self._repeat(row)
            self._tasks[row.name] = asyncio.create_task(work, name=row.name)
        stop = asyncio.create_task(until.wait())
        try:
            done, _ = await asyncio.wait(
                (stop, *self._tasks.values()), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stop}:
                task.result()
        finally:
            stop.cancel()
            await self._stop()

    async def up(self, *names: str) -> None:
        """Returns when all of these are up."""
        async with self._news:
            await self._news.wait_for(lambda: self._up.issuperset(names))

    async def _stop(self) -> None:
        steps = [self._tasks[row.name] for row in self.table if isinstance(row, Step)]
        await _end(steps)
        for wave in stopping_order(self.table):
            await _end([self._tasks[process.name] for process in wave])
            self._patience = PATIENCE[1]

    async def _repeat(self, step: Step) -> None:
        seen: list[int] | None = None
        while True:
            async with self._news:
                await self._news.wait_for(partial(self._renewed, step, seen))
                seen = self._counts(step)
            for wait in _waits():
                if await self._do(step):
                    break
                await asyncio.sleep(wait)
            # What it needs may have ended meanwhile: then it is done again, and nobody starts yet.
            if self._up.issuperset(step.needs) and self._counts(step) == seen:
                await self._mark_up(step.name)

    def _counts(self, step: Step) -> list[int]:
        return [self._times_up[name] for name in step.needs]

    def _renewed(self, step: Step, seen: list[int] | None) -> bool:
        return self._up.issuperset(step.needs) and self._counts(step) != seen

    async def _do(self, step: Step) -> bool:
        try:
            await step.action()
        except Exception as error:
            if not self._times_up[step.name]:
                raise StepError(f"{step.name}: {error}") from error
            self.say(step.name, f"failed, will be tried again: {error}")
            return False
        return True

    async def _keep(self, process: Process) -> None:
        waits = _waits()
        while True:
            await self.up(*process.needs)
            began = time.monotonic()
            reason = await self._live(process)
            if not reason:
                self.say(process.name, f"stopped with {' or '.join(process.falls_with)}")
                continue
            if time.monotonic() - began > HEALTHY_AFTER:
                waits = _waits()
                del self.deaths[process.name]
            self.deaths[process.name] += 1
            wait = next(waits)
            self.say(process.name, f"ended ({reason}), starts again in {wait:g} s")
            await asyncio.sleep(wait)
            await self._others_have_fallen(process)

    async def _live(self, process: Process) -> str:
        """Start it and wait: why it ended, or nothing where it fell with another."""
        path = self.log_dir / f"{process.name}.log"
        life = await lives.begin(process, path)
        self.pids[process.name] = life.pid
        greeting = asyncio.create_task(self._greet(process, life.pid))
        fall = asyncio.create_task(self._fall(process))
        end = asyncio.create_task(life.wait())
        try:
            self.changed(self.pids)
            self.say(process.name, f"started, process {life.pid}")
            await asyncio.wait((end, fall), return_when=asyncio.FIRST_COMPLETED)
            return lives.reason(end.result(), path) if end.done() else ""
        finally:
            await _end([greeting, fall])
            # A stop in the middle of a fall is no reason to leave it half ended.
            await _undisturbed(self._bury(process, life))

    async def _bury(self, process: Process, life: asyncio.subprocess.Process) -> None:
        await lives.terminate(life, process.stop_with, self._patience)
        await self._mark_down(process.name)

    async def _fall(self, process: Process) -> None:
        async with self._news:
            await self._news.wait_for(lambda: not self._up.issuperset(process.falls_with))

    async def _others_have_fallen(self, process: Process) -> None:
        """What lives on this one has ended too: nobody brings yesterday into its new life."""
        others = {row.name for row in self._processes() if process.name in row.falls_with}
        async with self._news:
            await self._news.wait_for(lambda: others.isdisjoint(self.pids))

    def _processes(self) -> Iterator[Process]:
        return (row for row in self.table if isinstance(row, Process))

    async def _greet(self, process: Process, pid: int) -> None:
        while not process.ready(pid):  # noqa: ASYNC110 - servers tell by a file or an open port
            await asyncio.sleep(POLL)
        await self._mark_up(process.name)

    async def _mark_up(self, name: str) -> None:
        async with self._news:
            self._up.add(name)
            self._times_up[name] += 1
            self._news.notify_all()

    async def _mark_down(self, name: str) -> None:
        async with self._news:
            del self.pids[name]
            self._discard(name)
            self._news.notify_all()
        self.changed(self.pids)

    def _discard(self, name: str) -> None:
        self._up.discard(name)
        for row in self.table:
            if isinstance(row, Step) and name in row.needs:
                self._discard(row.name)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _waits() -> Iterator[float]:
    wait = FIRST_WAIT
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_WAIT)


async def _undisturbed(work: Coroutine[Any, Any, None]) -> None:
    """Done to the end, also if whoever waits for it is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
