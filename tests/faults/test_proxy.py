"""A proxy does to connections what it was told, and nothing else."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.faults.proxy import Proxy


class Echo:
    """A server that answers with what it got."""

    def __init__(self) -> None:
        self.heard = b""
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                self.heard += chunk
                writer.write(self.answer(chunk))
                await writer.drain()
        writer.close()

    def answer(self, chunk: bytes) -> bytes:
        return chunk


@asynccontextmanager
async def listening(server: Echo) -> AsyncGenerator[Echo]:
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()


@pytest.fixture
async def echo() -> AsyncGenerator[Echo]:
    async with listening(Echo()) as server:
        yield server


@pytest.fixture
async def proxy(echo: Echo) -> AsyncGenerator[Proxy]:
    async with Proxy(random.Random(1)).running("127.0.0.1", echo.port) as running:
        yield running


async def connected(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def test_what_is_sent_comes_back_whole(proxy: Proxy):
    reader, writer = await connected(proxy)
    sent = random.Random(2).randbytes(3_000_000)

    writer.write(sent)

    assert await reader.readexactly(len(sent)) == sent
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


async def test_a_proxy_that_is_down_refuses_and_resets_and_comes_back_on_its_port(proxy: Proxy):
    reader, writer = await connected(proxy)
    writer.write(b"a")
    await reader.readexactly(1)

    proxy.down()

    with pytest.raises(ConnectionResetError):
        await reader.read()
    with pytest.raises(ConnectionRefusedError):
        await connected(proxy)
    proxy.up()
    reader, writer = await connected(proxy)
    writer.write(b"b")
    assert await reader.readexactly(1) == b"b"
    writer.close()
