"""A mail server that takes everything and counts: `python -m bench.sink PORT`.

It speaks SMTP truly, one command a reply, and keeps of each mail its recipient and Message-ID. The
verb `COUNT`, which no mail server has, tells what came; so that counting costs nothing meanwhile.
"""

import asyncio
import re
import sys
import time
from typing import Final, cast

import msgspec
import uvloop

MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
END: Final = b"\r\n.\r\n"
EXTENSIONS: Final = b"250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 33554432\r\n"


class Taken(msgspec.Struct):
    """What came so far."""

    mails: int = 0
    size_bytes: int = 0
    last_at: float = 0.0
    """Of the system's monotonic clock, the same in every process."""
    recipients: set[str] = msgspec.field(default_factory=set[str])
    message_ids: set[str] = msgspec.field(default_factory=set[str])


class Count(msgspec.Struct, frozen=True):
    """What the sink says of itself."""

    mails: int
    recipients: int
    message_ids: int
    size_bytes: int
    last_at: float


class Conversation(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._buffer = b""
        self._recipient = ""
        self._in_content = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # what TCP gives
        self._reply(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._content() if self._in_content else self._command():
            pass

    def _content(self) -> bool:
        end = self._buffer.find(END)
        if end < 0:
            return False
        content, self._buffer = self._buffer[:end], self._buffer[end + len(END) :]
        found = MESSAGE_ID.search(content)
        taken = self._taken
        taken.mails += 1
        taken.size_bytes += len(content)
        taken.last_at = time.monotonic()
        taken.recipients.add(self._recipient)
        taken.message_ids.add(found[1].decode() if found else "")
        self._in_content = False
        self._reply(b"250 2.0.0 taken\r\n")
        return True

    def _command(self) -> bool:
        line, newline, rest = self._buffer.partition(b"\r\n")
        if not newline:
            return False
        self._buffer = rest
        self._reply(self._answer(line))
        return True

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"EHLO":
                return EXTENSIONS
            case b"RCPT":
                self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            case b"DATA":
                self._in_content = True
                return b"354 go on\r\n"
            case b"COUN":
                return b"250 " + msgspec.json.encode(self._count()) + b"\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
            case b"HELO" | b"MAIL" | b"RSET" | b"NOOP":
                pass
            case _:
                return b"500 what?\r\n"
        return b"250 2.0.0 ok\r\n"

    def _count(self) -> Count:
        taken = self._taken
        return Count(
            taken.mails,
            len(taken.recipients),
            len(taken.message_ids),
            taken.size_bytes,
            taken.last_at,
        )

    def _reply(self, line: bytes) -> None:
        if self._transport is not None:
            self._transport.write(line)
            if line.startswith(b"221"):
                self._transport.close()


async def serve(port: int) -> None:
    """Take mails until cancelled."""
    taken = Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(taken), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


async def count(port: int) -> Count:
    """What a sink on this port has taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    writer.write(b"COUNT\r\n")
    answer = await reader.readline()
    writer.close()
    return msgspec.json.decode(answer[4:], type=Count)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
