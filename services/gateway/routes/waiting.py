"""Waiting for what another service does on our behalf."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from libs.common.postgres import Connection
from services.gateway.routes.ports import Ports

T = TypeVar("T")

PATIENCE_SECONDS: Final = 30.0
LOOKS_EVERY_SECONDS: Final = 0.08


async def until(ports: Ports, look: Callable[[Connection], Awaitable[T | None]]) -> T | None:
    """What is looked for, as soon as it is there; nothing after a while.

    No connection is held between two looks.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        async with ports.reading() as connection:
            found = await look(connection)
        if found is not None or time.monotonic() >= end:
            return found
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
