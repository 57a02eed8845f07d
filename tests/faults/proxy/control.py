"""The listening end of a proxy, and the switches of what it does."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.faults.proxy.cuts import AtAnswer, AtPattern, BeforePattern, Cut, Direction
from tests.faults.proxy.link import Link

LOOPBACK = "127.0.0.1"
BACKLOG = 128
PRODUCE = 0
"""The key of Kafka's request that brings messages."""


class Proxy:
    """Passes everything both ways until it is told otherwise; every switch acts at once."""

    def __init__(self, random: random.Random) -> None:
        self.random = random
        self.port = 0
        self.latency_seconds = 0.0
        self.bytes_per_second = 0.0
        """Each way of each connection; 0 is no limit."""
        self.slice = 0
        """About so many bytes at a time; 0 leaves them as they come."""
        self.reset_share = 0.0
        """How probable a reset is at each stretch that passes."""
        self.cuts: list[Cut] = []
        self.opened = 0
        """Connections so far."""
        self.is_stalled = False
        self._target = ("", 0)
        self._links: set[Link] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None

    @asynccontextmanager
    async def running(self, host: str, port: int) -> AsyncGenerator["Proxy"]:
        """Listen on a port of its own, which stays its own while it is down."""
        self._target = host, port
        with _bound(0) as holder:
            self.port = holder.getsockname()[1]
            self.up()
            try:
                yield self
            finally:
                self.down()
                for task in self._opening:
                    task.cancel()
                await asyncio.gather(*self._opening, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._links)

    def up(self) -> None:
        """Accept again."""
        if self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def down(self) -> None:
        """Refuse whoever comes, reset all that is open."""
        if self._listener:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.reset()

    def reset(self) -> None:
        """Cut what is open now."""
        for link in tuple(self._links):
            link.reset()

    def stall(self) -> None:
        """Accept, and let nothing pass, not even a goodbye."""
        self.is_stalled = True
        self._refresh()

    def resume(self) -> None:
        """Let pass what has waited."""
        self.is_stalled = False
        self._refresh()

    def heal(self) -> None:
        """No fault any more."""
        self.latency_seconds = self.bytes_per_second = self.reset_share = 0.0
        self.slice = 0
        self.cuts.clear()
        self.up()
        self.resume()

    def cut_after(
        self, pattern: bytes, *, direction: Direction, times: int = 1, drop: bool
    ) -> asyncio.Event:
        """Reset connections once the pattern has passed; the event says that it is done.

        Up: the pattern arrives and the server answers; with `drop` no byte of that answer passes,
        without it the first stretch. Down: with `drop` the stretch that holds the end of the
        pattern does not pass.
        """
        return self._arm(AtPattern(pattern, direction, times=times, drop=drop))

    def cut_before(self, pattern: bytes, *, direction: Direction, times: int = 1) -> asyncio.Event:
        """Reset connections so that the pattern never arrives."""
        return self._arm(BeforePattern(pattern, direction, times=times))

    def drop_answer(self, api_key: int = PRODUCE, times: int = 1) -> asyncio.Event:
        """Let a request of Kafka's be answered, and reset the connection in the answer's place."""
        return self._arm(AtAnswer(api_key, times=times))

    def _arm(self, cut: Cut) -> asyncio.Event:
        self.cuts.append(cut)
        return cut.happened

    def _refresh(self) -> None:
        for link in tuple(self._links):
            link.refresh()

    def _accept(self) -> None:
        while self._listener:
            try:
                accepted, _ = self._listener.accept()
            except OSError:  # all accepted, or gone before we came to it
                return
            accepted.settimeout(0)
            self.opened += 1
            link = Link(self, self._links)
            task = asyncio.create_task(self._open(link, accepted))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, link: Link, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client has left
            await link.open(accepted, *self._target)


def _bound(port: int) -> socket.socket:
    """Not yet listening; several may be bound to a port of ours, so that it is never let go."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((LOOPBACK, port))
    bound.settimeout(0)
    return bound
