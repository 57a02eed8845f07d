"""Real servers on this machine, a resolver that a test controls, and a record of what was dialled."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import httpcore
import msgspec

Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = "127.0.0.1"


class Site(msgspec.Struct):
    """A listening server: its port, and the head of every request that came."""

    port: int = 0
    connections: int = 0
    heads: list[str] = msgspec.field(default_factory=list)


@asynccontextmanager
async def listening(
    speak: Speak, *, host: str = LOOPBACK, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Site]:
    """A server that reads the head of one request and then says what `speak` says."""
    site, conversations = Site(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.connections += 1
        conversations.add(cast("asyncio.Task[None]", asyncio.current_task()))
        try:
            site.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await speak(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client has gone
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async with await asyncio.start_server(serve, host, port, ssl=tls) as server:
        site.port = server.sockets[0].getsockname()[1]
        yield site
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


def saying(answer: str | bytes) -> Speak:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(answer.encode() if isinstance(answer, str) else answer)

    return speak


def fine(body: str = "fine", *headers: str) -> str:
    return answer("200 OK", f"Content-Length: {len(body)}", *headers) + body


def moved(location: str) -> str:
    return answer("302 Found", f"Location: {location}", "Content-Length: 0")


def answer(status: str, *headers: str) -> str:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""])


class Names:
    """A resolver: each name has its answers in turn, the last one for ever; the rest is us."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {f"{name}.test": list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        given = self._answers.get(name, [[LOOPBACK]])
        return given.pop(0) if len(given) > 1 else given[0]


class Dialled(httpcore.AsyncNetworkBackend):
    """The network, and every address and port that was dialled. `absent` ones do not answer."""

    def __init__(self, *absent: str) -> None:
        self.absent = absent
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())
        self.addresses: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature of the library
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.addresses.append((host, port))
        if host in self.absent:
            raise httpcore.ConnectError(f"{host} does not answer")
        return await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
