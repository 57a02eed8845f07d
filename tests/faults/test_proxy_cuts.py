"""A proxy cuts a connection exactly where it was told to."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka import client as aiokafka_client

from tests.faults.proxy import Proxy
from tests.faults.proxy.cuts import Frames
from tests.support.bus import Bus
from tests.support.database import Database

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def to(port: int) -> AsyncGenerator[Proxy]:
    async with Proxy(random.Random(1)).running("127.0.0.1", port) as proxy:
        yield proxy


class Server:
    """Answers each line with `heard` and that line."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                self.heard.append(line)
                writer.write(b"heard " + line)
        writer.close()


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    answering = Server()
    listener = await asyncio.start_server(answering.talk, "127.0.0.1", 0)
    answering.port = listener.sockets[0].getsockname()[1]
    yield answering
    listener.close()


@pytest.fixture
async def proxy(server: Server) -> AsyncGenerator[Proxy]:
    async with to(server.port) as running:
        yield running


async def ask(proxy: Proxy, *parts: bytes) -> bytes:
    """All that is answered to these parts of a text until the connection ends or one line is here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    heard = b""
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)  # a chunk of its own
        async with asyncio.timeout(10):
            while not heard.endswith(b"\n") and (chunk := await reader.read(1)):
                heard += chunk
    writer.close()
    return heard


@pytest.mark.parametrize("parts", [(b"x COMMIT;\n",), (b"x COM", b"MI", b"T;\n")])
async def test_after_a_commit_was_sent_no_byte_of_its_answer_comes(
    proxy: Proxy, server: Server, parts: tuple[bytes, ...]
):
    cut = proxy.cut_after(b"COMMIT", direction="up", drop=True)

    assert await ask(proxy, b"BEGIN;\n") == b"heard BEGIN;\n"
    assert not cut.is_set()
    assert await ask(proxy, *parts) == b""

    assert cut.is_set()
    assert server.heard == [b"BEGIN;\n", b"x COMMIT;\n"]
    assert await ask(proxy, *parts) == b"heard x COMMIT;\n"


async def test_an_answer_can_be_let_through_before_the_cut(proxy: Proxy):
    cut = proxy.cut_after(b"COMMIT", direction="up", drop=False)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)

    writer.write(b"COMMIT;\n")

    assert await reader.readexactly(14) == b"heard COMMIT;\n"
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert cut.is_set()
    writer.close()


@pytest.mark.parametrize("drop, answered", [(True, b""), (False, b"heard yes\n")])
async def test_a_pattern_in_the_answer_cuts_too(proxy: Proxy, *, drop: bool, answered: bytes):
    cut = proxy.cut_after(b"heard yes", direction="down", drop=drop)

    assert await ask(proxy, b"no\n") == b"heard no\n"
    assert await ask(proxy, b"yes\n") == answered
    assert cut.is_set()


async def test_a_cut_happens_as_often_as_it_was_asked_for(proxy: Proxy):
    cut = proxy.cut_after(b"yes", direction="up", times=2, drop=True)

    answers = [await ask(proxy, b"yes\n") for _ in range(3)]

    assert answers == [b"", b"", b"heard yes\n"]
    assert cut.is_set()


async def test_who_dies_before_the_answer_does_not_count(proxy: Proxy, server: Server):
    cut = proxy.cut_after(b"yes", direction="up", drop=True)
    _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"yes without an end")
    while not proxy.connections:  # noqa: ASYNC110 - it is in the proxy's hands
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    dead = [*proxy._links]
    proxy.reset()
    assert not cut.is_set()

    assert await ask(proxy, b"yes\n") == b""
    assert cut.is_set()
    assert len(dead) == 1
    writer.close()


async def test_what_is_cut_before_never_arrives(proxy: Proxy, server: Server):
    cut = proxy.cut_before(b"COMMIT", direction="up")

    assert await ask(proxy, b"COMMIT;\n") == b""

    assert cut.is_set()
    assert server.heard == []


def _frame(key: int, correlation: int, length: int) -> bytes:
    content = key.to_bytes(2) + b"\0\x09" + correlation.to_bytes(4)
    return length.to_bytes(4) + content + bytes(length - len(content))


@pytest.mark.parametrize("size", [1, 3, 7, 30, 1000])
def test_frames_are_found_wherever_chunks_end(size: int):
    sent = _frame(3, 1, 20) + _frame(0, 2, 300) + _frame(1, 3, 8)
    frames, found = Frames("up"), list[bytes]()

    for start in range(0, len(sent), size):
        found += [header for _, header in frames.find(sent[start : start + size])]

    assert [(header[5], header[11]) for header in found] == [(3, 1), (0, 2), (1, 3)]


def test_other_protocols_have_no_frames():
    assert Frames("up").find(b"EHLO our.test\r\n" * 10)[1:] == []


async def test_a_lost_commit_has_happened(database: Database):
    async with to(database.port) as proxy:
        url = database.url().replace(str(database.port), str(proxy.port))
        connection = await asyncpg.connect(url)
        await connection.execute("create table kept (n int)")
        cut = proxy.cut_after(b"COMMIT", direction="up", drop=True)

        with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
            async with connection.transaction():
                await connection.execute("insert into kept values (1)")

        assert cut.is_set()
        connection.terminate()
    aside = await database.connect()
    assert await aside.fetchval("select count(*) from kept") == 1


@pytest.mark.kafka
async def test_a_message_whose_answer_is_dropped_was_taken(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
):
    connect = aiokafka_client.create_conn
    async with to(int(bus.bootstrap_servers.rpartition(":")[2])) as proxy:

        def by_proxy(_host: str, _port: int, **options: Any) -> Any:
            return connect("127.0.0.1", proxy.port, **options)

        monkeypatch.setattr(aiokafka_client, "create_conn", by_proxy)
        async with AIOKafkaProducer(
            bootstrap_servers=f"127.0.0.1:{proxy.port}",
            retry_backoff_ms=3_000,  # it is not sent again before the proxy is down
        ) as producer:
            await producer.send_and_wait("client.erased", b"1", partition=0)
            before = await _end(bus.bootstrap_servers)
            cut = proxy.drop_answer()
            sending = await producer.send("client.erased", b"2", partition=0)
            await asyncio.wait_for(cut.wait(), 10)
            proxy.down()

            monkeypatch.undo()
            assert await _end(bus.bootstrap_servers) == before + 1
            assert not sending.done()
            proxy.up()
            await sending


async def _end(servers: str) -> int:
    partition = TopicPartition("client.erased", 0)
    async with AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
        return (await consumer.end_offsets([partition]))[partition]
