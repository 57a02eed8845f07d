"""Waiting for what other processes do."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 20) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


async def until(look: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not look():  # noqa: ASYNC110 - other processes set no event of ours
            await asyncio.sleep(0.01)
