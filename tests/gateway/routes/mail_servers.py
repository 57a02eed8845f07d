"""Mail servers of every sort, that only greet."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

PLAIN: Final = (b"250-mail.example", b"250 SIZE 1000")
WITH_STARTTLS: Final = (b"250-mail.example", b"250 STARTTLS")


class Heard(msgspec.Struct):
    """What a server was told, all connections together."""

    commands: list[str] = msgspec.field(default_factory=list)


@asynccontextmanager
async def mail_server(
    *,
    greeting: bytes = b"220 mail.example ready",
    abilities: Sequence[bytes] = PLAIN,
    security: str = "none",
    tls: ssl.SSLContext | None = None,
    heard: Heard | None = None,
) -> AsyncGenerator[dict[str, Any]]:
    """The settings that lead to a server; with `tls` it speaks that at once, or after STARTTLS."""
    told = heard or Heard()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting + b"\r\n")
        while line := await reader.readline():
            command = line.decode("ascii", "replace").split()[0].upper()
            told.commands.append(command)
            answers = {"EHLO": b"\r\n".join(abilities), "STARTTLS": b"220 go", "QUIT": b"221 bye"}
            writer.write(answers.get(command, b"502 no") + b"\r\n")
            await writer.drain()
            if command == "STARTTLS" and tls:
                await writer.start_tls(tls)
        writer.close()

    at_once = tls if security == "tls" else None
    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=at_once) as server:
        port = server.sockets[0].getsockname()[1]
        yield {"smtp_server": "localhost", "smtp_port": port, "smtp_security": security}
