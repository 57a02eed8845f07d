"""Waiting for what is to happen, without keeping a processor busy."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bench.errors import BenchError

T = TypeVar("T")


async def until(
    ask: Callable[[], Awaitable[T]], what: str, *, seconds: float = 60, every: float = 0.02
) -> T:
    """The first answer that says yes; a `BenchError` that names what was waited for."""
    deadline = time.monotonic() + seconds
    while not (answer := await ask()):
        if time.monotonic() > deadline:
            raise BenchError(f"After {seconds:g} s there was still no {what}.")
        await asyncio.sleep(every)
    return answer
