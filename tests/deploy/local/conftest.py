import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from deploy.local.spec import Process, Step
from tests.deploy.local.console import Console


@pytest.fixture
async def run(tmp_path: Path) -> AsyncGenerator[Callable[..., Console]]:
    consoles: list[Console] = []

    def begin(*table: Process | Step) -> Console:
        consoles.append(Console(table, tmp_path))
        return consoles[-1]

    yield begin
    for console in consoles:
        console.stop.set()
        await asyncio.gather(console.task, return_exceptions=True)
