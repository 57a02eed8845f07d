"""A proxy does to connections what it was told, and nothing else."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.faults.proxy import Proxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """A server that answers with what it got."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.chunks = 0
        self.port = 0
        self.talking: set[asyncio.Task[None] | None] = set()
        self.reads = asyncio.Event()
        self.reads.set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talking.add(asyncio.current_task())
        with suppress(ConnectionError):
            await self.reads.wait()
            while chunk := await reader.read(65536):
                self.heard += chunk
                self.chunks += 1
                writer.write(chunk)
                await writer.drain()
        self.talking.discard(asyncio.current_task())
        writer.close()


@pytest.fixture
async def echo() -> AsyncGenerator[Echo]:
    server = Echo()
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()
    server.reads.set()
    await asyncio.gather(*(task for task in server.talking if task))


@pytest.fixture
async def proxy(echo: Echo) -> AsyncGenerator[Proxy]:
    async with Proxy(random.Random(1)).running("127.0.0.1", echo.port) as running:
        yield running


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncGenerator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def echoed(streams: Streams, sent: bytes) -> bytes:
    streams[1].write(sent)
    return await asyncio.wait_for(streams[0].readexactly(len(sent)), 20)


async def test_what_is_sent_comes_back_whole(proxy: Proxy):
    sent = random.Random(2).randbytes(3_000_000)
    async with connected(proxy) as (reader, writer):
        assert await echoed((reader, writer), sent) == sent
        writer.write_eof()
        assert await reader.read() == b""


async def test_an_end_is_passed_on_behind_the_last_word(proxy: Proxy, echo: Echo):
    proxy.latency_seconds = 0.02
    async with connected(proxy) as (reader, writer):
        writer.write(b"last word")
        writer.write_eof()
        assert await reader.read() == b"last word"
    assert echo.heard == b"last word"
    assert proxy.connections == 0


async def test_a_proxy_that_is_down_refuses_and_resets_and_comes_back_on_its_port(proxy: Proxy):
    async with connected(proxy) as (reader, writer):
        await echoed((reader, writer), b"a")
        proxy.down()
        with pytest.raises(ConnectionResetError):
            await reader.read()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.up()
    async with connected(proxy) as streams:
        assert await echoed(streams, b"b") == b"b"


async def test_without_a_server_a_client_is_sent_away():
    async with (
        Proxy(random.Random(1)).running("127.0.0.1", 1) as proxy,
        connected(proxy) as (reader, _),
    ):
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_a_reset_cuts_what_is_open_and_nothing_later(proxy: Proxy):
    async with connected(proxy) as (reader, writer):
        await echoed((reader, writer), b"a")
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read()
    async with connected(proxy) as streams:
        assert await echoed(streams, b"b") == b"b"
    assert proxy.opened == 2


async def test_latency_delays_both_ways_without_narrowing_them(proxy: Proxy):
    sent = random.Random(2).randbytes(600_000)
    proxy.latency_seconds = 0.1
    began = time.monotonic()
    async with connected(proxy) as streams:
        assert await echoed(streams, sent) == sent
    assert 0.2 <= time.monotonic() - began < 10


async def test_a_narrow_way_takes_its_time(proxy: Proxy):
    proxy.bytes_per_second = 1_000_000
    began = time.monotonic()
    async with connected(proxy) as streams:
        await echoed(streams, bytes(200_000))
    assert time.monotonic() - began >= 0.2


async def test_slices_arrive_in_order(proxy: Proxy, echo: Echo):
    sent = random.Random(2).randbytes(2000)
    proxy.slice = 20
    async with connected(proxy) as streams:
        assert await echoed(streams, sent) == sent
    assert echo.chunks > 1


async def test_resets_come_as_the_seed_has_it(echo: Echo):
    async def passed(seed: int) -> list[int]:
        counts: list[int] = []
        async with Proxy(random.Random(seed)).running("127.0.0.1", echo.port) as proxy:
            proxy.reset_share = 0.2
            for _ in range(5):
                async with connected(proxy) as streams:
                    count = 0
                    with suppress(ConnectionError, asyncio.IncompleteReadError):
                        while await echoed(streams, b"x"):
                            count += 1
                    counts.append(count)
        return counts

    first = await passed(1)

    assert await passed(1) == first
    assert await passed(2) != first


async def test_while_stalled_nothing_passes_and_nothing_is_lost(proxy: Proxy, echo: Echo):
    async with connected(proxy) as (reader, writer):
        await echoed((reader, writer), b"a")
        proxy.stall()
        writer.write(b"b")
        async with connected(proxy) as later:
            later[1].write(b"c")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
            assert echo.heard == b"a"

            proxy.resume()

            assert await reader.readexactly(1) == b"b"
            assert await later[0].readexactly(1) == b"c"


@pytest.mark.parametrize("latency_seconds", [0.0, 0.01])
async def test_who_sends_more_than_is_read_has_to_wait(
    proxy: Proxy, echo: Echo, latency_seconds: float
):
    echo.reads.clear()
    proxy.latency_seconds = latency_seconds
    sent = bytes(24_000_000)
    async with connected(proxy) as (reader, writer):
        writer.write(sent)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)
        assert writer.transport.get_write_buffer_size() > 1_000_000
        echo.reads.set()
        assert len(await reader.readexactly(len(sent))) == len(sent)


async def test_healing_ends_every_fault(proxy: Proxy):
    proxy.latency_seconds = proxy.bytes_per_second = proxy.reset_share = 1
    proxy.slice = 1
    proxy.cut_before(b"a", direction="up")
    proxy.stall()
    proxy.down()
    proxy.heal()
    async with connected(proxy) as streams:
        assert await echoed(streams, b"a") == b"a"
