"""Parts of a page that stay true while it is open: fragments over server-sent events."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from markupsafe import Markup

from services.gateway.routes.feed import Listener
from services.gateway.routes.streams import PING, PING_SECONDS, Say

Draw = Callable[[], Awaitable[bytes]]
"""The fragment as it would be now."""

PART: Final = Markup('<hx-partial hx-target="{}" hx-swap="{}">')
END: Final = b"</hx-partial>"


class Live:
    """Draws a part afresh when something has moved, or after a while; sends it when it has changed.

    It needs no memory: whoever comes back is sent the part as it is.
    """

    def __init__(self, draw: Draw, *, idle_seconds: float, pause_seconds: float) -> None:
        self._draw, self._idle, self._pause = draw, idle_seconds, pause_seconds

    async def follow(self, listener: Listener, say: Say) -> None:
        """Send what has changed, for as long as somebody looks."""
        known, said_at = b"", time.monotonic()
        while True:
            listener.catch_up()
            drawn, now = await self._draw(), time.monotonic()
            if drawn != known:
                await say(event(drawn))
                known, said_at = drawn, now
            elif now - said_at >= PING_SECONDS:
                await say(PING)
                said_at = now
            await listener.next(self._idle)
            await asyncio.sleep(self._pause)  # much moves at once: one look has all of it


def part(content: bytes, target: str, swap: str) -> bytes:
    """Content with the place in the page where it belongs, and how it gets there."""
    return PART.format(target, swap).encode() + content + END


def event(content: bytes, *, seq: int | None = None, name: str = "") -> bytes:
    """Content as one event; without a name it is put into the page."""
    fields = [b"id: %d" % seq] if seq is not None else []
    fields += [b"event: " + name.encode()] if name else []
    fields += [b"data: " + line for line in content.splitlines()]
    return b"\n".join(fields) + b"\n\n"
