"""One connection through the proxy: two ends, and what is on its way between them."""

import asyncio
import contextlib
import math
import random
import socket
import struct
from collections import deque
from collections.abc import Iterator
from typing import Final, Protocol, cast

from typing_extensions import override

from tests.faults.proxy.cuts import Cut, Direction, Frames, Passing

RESET: Final = struct.pack("ii", 1, 0)
"""Linger no second: what closes like this sends RST."""
MOST_WAITING_BYTES: Final = 256 * 1024
PIECE_SECONDS: Final = 0.0001
LAST_WORD_SECONDS: Final = 0.05
"""For the last that passes to be read: RST takes the words out of a reader's mouth."""


class Weather(Protocol):
    """What the proxy does to every connection now."""

    latency_seconds: float
    bytes_per_second: float
    slice: int
    reset_share: float
    random: random.Random
    cuts: list[Cut]

    @property
    def is_stalled(self) -> bool: ...


class End(asyncio.Protocol):
    """One side of a connection: reads here, and what has come through leaves by the other."""

    def __init__(self, link: "Link", direction: Direction) -> None:
        self.link = link
        self.direction: Direction = direction
        self.transport: asyncio.Transport | None = None
        self.is_full = False
        self.has_ended = False
        """Whether all that was read here has left, and there is no more."""
        self._frames = Frames(direction)
        self._line: deque[tuple[float, bytes]] = deque()
        self._waiting_bytes = 0
        self._free_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def other(self) -> "End":
        return self.link.server if self is self.link.client else self.link.client

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.link.refresh()

    @override
    def data_received(self, data: bytes) -> None:
        weather = self.link.weather
        if self.link.is_ending:
            return
        if weather.reset_share and weather.random.random() < weather.reset_share:
            self.link.reset()
            return
        passing = Passing(self.link, self.direction, data, self._frames.find(data))
        for cut in tuple(weather.cuts):
            cut.judge(passing)
            if cut.left <= 0:
                weather.cuts.remove(cut)
        if passing.content:
            self._carry(passing.content)
        if passing.reset:
            self._deliver(until=math.inf)
            self.link.reset_after(LAST_WORD_SECONDS if passing.content else 0)

    @override
    def eof_received(self) -> bool:
        self._carry(b"")
        return True  # the other direction may go on

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if exc:
            self.link.reset()
        else:
            self.link.close()

    @override
    def pause_writing(self) -> None:
        self.is_full = True
        self.other.refresh()

    @override
    def resume_writing(self) -> None:
        self.is_full = False
        self.other.refresh()

    def refresh(self) -> None:
        """Deliver what may be delivered now, and read only what there is room for."""
        if self.link.is_ready and not self.link.weather.is_stalled:
            self._deliver()
        if self.transport is None or self.transport.is_closing():
            return
        held = not self.link.is_ready or self.link.weather.is_stalled or self.other.is_full
        if held or self._waiting_bytes > MOST_WAITING_BYTES:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def drop(self) -> None:
        """Forget what is on its way, and end with RST."""
        self._line.clear()
        if self._timer:
            self._timer.cancel()
        if self.transport and not self.transport.is_closing():
            with contextlib.suppress(OSError):  # the other side was quicker
                self.transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, RESET
                )
        if self.transport:
            self.transport.abort()

    def _carry(self, data: bytes) -> None:
        weather = self.link.weather
        shaped = weather.latency_seconds or weather.bytes_per_second or weather.slice
        if shaped or self._line or weather.is_stalled or not self.link.is_ready:
            self._line.extend(self._timed(data))
            self._waiting_bytes += len(data)
            self.refresh()
        else:
            self._leave(data)

    def _timed(self, data: bytes) -> Iterator[tuple[float, bytes]]:
        """The data in pieces, each with the time at which it leaves."""
        weather = self.link.weather
        last = self._line[-1][0] if self._line else 0.0
        self._free_at = max(self._free_at, asyncio.get_running_loop().time())
        for piece in self._pieces(data):
            if weather.bytes_per_second:
                self._free_at += len(piece) / weather.bytes_per_second
            elif weather.slice:
                self._free_at += PIECE_SECONDS
            last = max(last, self._free_at + weather.latency_seconds)
            yield last, piece

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        weather, start = self.link.weather, 0
        while start < len(data):
            size = weather.random.randint(1, 2 * weather.slice) if weather.slice else len(data)
            yield data[start : start + size]
            start += size
        if not data:
            yield data

    def _deliver(self, until: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._line and self._line[0][0] <= max(until, loop.time()):
            _, data = self._line.popleft()
            self._waiting_bytes -= len(data)
            self._leave(data)
        if self._line:
            self._timer = loop.call_at(self._line[0][0], self.refresh)

    def _leave(self, data: bytes) -> None:
        transport = self.other.transport
        if transport is None or transport.is_closing():
            return
        if data:
            transport.write(data)
            return
        self.has_ended = True
        with contextlib.suppress(OSError):  # its RST is on the way to us
            transport.write_eof()
        if self.other.has_ended:
            self.link.close()


class Link:
    """A client's connection and ours to the server, made for it."""

    def __init__(self, weather: Weather, links: set["Link"]) -> None:
        self.weather, self._links = weather, links
        self.client = End(self, "up")
        self.server = End(self, "down")
        self.is_ending = False
        """Whether nothing passes any more."""
        links.add(self)

    @property
    def is_ready(self) -> bool:
        return bool(self.client.transport and self.server.transport)

    async def open(self, accepted: socket.socket, host: str, port: int) -> None:
        """Connect on behalf of who was accepted; if nobody is there, it is as without us."""
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: self.client, accepted)
        try:
            await loop.create_connection(lambda: self.server, host, port)
        except OSError:
            self.reset()
        if self not in self._links:  # cut while we were connecting
            self.reset()

    def refresh(self) -> None:
        self.client.refresh()
        self.server.refresh()

    def reset(self) -> None:
        """Cut it: both sides get RST, what is on its way is gone."""
        self.is_ending = True
        self._links.discard(self)
        self.client.drop()
        self.server.drop()

    def reset_after(self, seconds: float) -> None:
        """Cut it then; until then nothing more passes."""
        self.is_ending = True
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self.reset)
        else:
            self.reset()

    def close(self) -> None:
        """End it as a program that ends does: what was sent arrives."""
        self.is_ending = True
        self._links.discard(self)
        for end in (self.client, self.server):
            if end.transport:
                end.transport.close()
