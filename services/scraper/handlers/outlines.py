"""Fetches the outlines of communes that have been refreshed, one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, NoReturn, Protocol

import structlog

log = structlog.get_logger()

Ring = Sequence[tuple[float, float]]
"""Points of longitude and latitude, the last one equal to the first."""

AT_ONCE: Final = 20
POLL_SECONDS: Final = 5.0
BETWEEN_SECONDS: Final = 0.2  # the publisher serves all of France for nothing
AGAIN_IN: Final = timedelta(hours=6)
MISSING_AGAIN_IN: Final = timedelta(days=30)


class OutlineError(Exception):
    """No outline is to be had now."""


class NoOutlineError(OutlineError):
    """The publisher answers, and has none of this commune."""


class Outlines(Protocol):
    async def claim(self, most: int) -> Sequence[str]: ...
    async def keep(self, insee_code: str, rings: Sequence[Ring]) -> None: ...
    async def miss(self, insee_code: str, error: str, again_in: timedelta) -> None: ...


Fetch = Callable[[str], Awaitable[Sequence[Ring]]]


async def keep_outlines(outlines: Outlines, fetch: Fetch) -> NoReturn:
    """Work for ever, beside the refreshes and never in their way."""
    while True:
        try:
            if not await fetch_wanted(outlines, fetch):
                await asyncio.sleep(POLL_SECONDS)
        except Exception:  # maps do without
            log.exception("outlines_interrupted")
            await asyncio.sleep(POLL_SECONDS)


async def fetch_wanted(
    outlines: Outlines, fetch: Fetch, *, pause_seconds: float = BETWEEN_SECONDS
) -> bool:
    """Fetch some of those that are wanted; false when none is."""
    codes = await outlines.claim(AT_ONCE)
    for code in codes:
        try:
            await outlines.keep(code, await fetch(code))
        except OutlineError as error:
            missing = isinstance(error, NoOutlineError)
            await outlines.miss(code, str(error), MISSING_AGAIN_IN if missing else AGAIN_IN)
            log.warning("outline_not_kept", insee_code=code, error=str(error))
        await asyncio.sleep(pause_seconds)
    return bool(codes)
