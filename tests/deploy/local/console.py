"""A supervisor at work on processes that only sleep, and what it said."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from deploy.local import child
from deploy.local.spec import Process, Table
from deploy.local.supervisor import Supervisor
from tests.deploy.local.patience import until

SLEEP = ("sleep", "600")
IGNORE_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
STUBBORN = (sys.executable, "-c", IGNORE_SIGTERM)


def process(
    name: str, *command: str, needs: Sequence[str] = (), falls_with: Sequence[str] = ()
) -> Process:
    return Process(
        name=name,
        command=partial(child.command_line, *(command or SLEEP)),
        environment=os.environ,
        needs=tuple(needs),
        falls_with=tuple(falls_with),
    )


class Console:
    """A supervisor at work, what it said, and its state after each change."""

    def __init__(self, table: Table, folder: Path) -> None:
        self.said: list[tuple[float, str, str]] = []
        self.ended: list[str] = []
        self.stop = asyncio.Event()
        self.work = Supervisor(table, folder, say=self._say, changed=self._changed)
        self._names: set[str] = set()
        self.task = asyncio.create_task(self.work.run(self.stop))

    def _say(self, name: str, text: str) -> None:
        self.said.append((time.monotonic(), name, text))

    def _changed(self, pids: dict[str, int]) -> None:
        self.ended += sorted(self._names - pids.keys())
        self._names = set(pids)

    async def new_pid(self, name: str, old: int = 0) -> int:
        await until(lambda: self.work.pids.get(name, old) != old)
        return self.work.pids[name]

    async def close(self) -> None:
        self.stop.set()
        await self.task


Run = Callable[..., Console]
