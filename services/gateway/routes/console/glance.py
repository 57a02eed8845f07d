"""What an operator sees at a glance: this month, four tiles, what needs a person."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, Generic, TypeVar

import msgspec

from services.gateway.repository import health
from services.gateway.repository.console import overview, vitals
from services.gateway.repository.console.overview import Month
from services.gateway.routes.console import needs, tiles
from services.gateway.routes.console.needs import Need
from services.gateway.routes.console.tiles import Tile
from services.gateway.routes.ports import Ports

T = TypeVar("T")

DRAWN: Final = timedelta(hours=1)
MONTH_SECONDS: Final = 5.0
"""Counting a month takes 80 ms while 2,000 of 10,000 clients are under way."""
STATE_SECONDS: Final = 1.5
STALLED_SHOWN: Final = 5


class State(msgspec.Struct, frozen=True, kw_only=True):
    """How the system is."""

    tiles: Sequence[Tile]
    needs: Sequence[Need]


class Shared(Generic[T]):
    """What many look at: asked for by the first of them, and again when it is older than that."""

    def __init__(self, seconds: float, ask: Callable[[], Awaitable[T]]) -> None:
        self._seconds, self._ask = seconds, ask
        self._known: tuple[float, T] | None = None
        self._one = asyncio.Lock()

    async def look(self) -> T:
        """As it was a moment ago."""
        async with self._one:
            if self._known is None or time.monotonic() - self._known[0] >= self._seconds:
                self._known = time.monotonic(), await self._ask()
            return self._known[1]


class Glance:
    """One for all operators of a process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._month = Shared(MONTH_SECONDS, self._ask_month)
        self._state = Shared(STATE_SECONDS, self._ask_state)

    async def month(self) -> Month:
        """How far this month is."""
        return await self._month.look()

    async def state(self) -> State:
        """How the system is, and what needs a person."""
        return await self._state.look()

    async def _ask_month(self) -> Month:
        async with self._ports.reading() as connection:
            return await overview.month(connection)

    async def _ask_state(self) -> State:
        async with self._ports.reading() as connection:
            services = await health.services(connection)
            work = await health.work(connection)
            waiting = await overview.mails_waiting(connection)
            lag = await vitals.lag(connection)
            drawn = tiles.tiles(
                await vitals.lately(connection, DRAWN),
                lag,
                services,
                waiting,
            )
            wanting = needs.needs(
                work,
                services,
                lag,
                stalled=await overview.stalled(connection, STALLED_SHOWN),
                ticks=await overview.ticks(connection, self._ports.settings.catch_up_days),
                failed=await overview.undelivered(connection, STALLED_SHOWN),
            )
        return State(tiles=drawn, needs=wanting)
