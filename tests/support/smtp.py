"""One conversation of a real SMTP server, in which a script decides every answer."""

import asyncio
import base64
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Protocol

LOOPBACK: Final = "127.0.0.1"
LARGEST_MAIL: Final = 32 * 1024 * 1024
STARTTLS: Final = "STARTTLS"
END: Final = b"\r\n.\r\n"


class HungUpError(Exception):
    """The script has ended the conversation."""


class Script(Protocol):
    """What the server says."""

    tls: ssl.SSLContext | None
    """Offered by STARTTLS where there is one."""
    login: tuple[str, str] | None
    """Name and password that are asked for where there is one."""

    async def reply(self, conversation: "Conversation", verb: str, usual: str) -> str:
        """The reply to a verb; not returned where there shall be none."""
        ...

    async def take(self, conversation: "Conversation", content: bytes) -> None:
        """A mail is whole: decide what becomes of it, and answer."""
        ...


class Conversation:
    """A client's connection, from the greeting to the goodbye."""

    def __init__(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.script, self.reader, self.writer = script, reader, writer
        self.sender = ""
        self.recipients: list[str] = []
        self.recipient = ""
        """The one that was named last, welcome or not."""
        self.is_private = False
        self.drip_seconds = 0.0
        """Between the letters of the next reply."""

    async def hold(self) -> None:
        """Talk until one of both has enough."""
        await self.say(await self.script.reply(self, "CONNECT", "220 mail.test ESMTP"))
        while line := await self.reader.readline():
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            await self.obey(verb.upper(), argument)

    async def say(self, reply: str) -> None:
        """Send a reply, and after 421 nothing more."""
        line, pause_seconds = f"{reply}\r\n".encode(), self.drip_seconds
        self.drip_seconds = 0.0
        for start in range(len(line) if pause_seconds else 0):
            if self.writer.is_closing():  # the client has lost patience
                raise HungUpError(reply)
            self.writer.write(line[start : start + 1])
            await asyncio.sleep(pause_seconds)
        self.writer.write(b"" if pause_seconds else line)
        await self.writer.drain()
        if reply.startswith(("421", "221")):
            raise HungUpError(reply)

    async def obey(self, verb: str, argument: str) -> None:
        match verb:
            case "DATA":
                await self._data()
            case "STARTTLS":
                await self._start_tls()
            case "AUTH":
                await self._authenticate(argument)
            case _:
                await self._order(verb, argument)

    async def _order(self, verb: str, argument: str) -> None:
        address = argument.partition("<")[2].partition(">")[0]
        self.recipient = address if verb == "RCPT" else ""
        reply = await self.script.reply(self, verb, self._usual(verb))
        if reply.startswith("2"):
            self._note(verb, address)
        await self.say(reply)

    def _usual(self, verb: str) -> str:
        match verb:
            case "EHLO":
                return "\r\n".join(self._offers())
            case "QUIT":
                return "221 2.0.0 bye"
            case "RCPT" if not self.sender:
                return "503 5.5.1 MAIL first"
            case "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP":
                return "250 2.0.0 OK"
            case _:
                return f"502 5.5.1 {verb[:10]} is not known here"

    def _offers(self) -> list[str]:
        offered = ["mail.test"]
        if self.script.tls and not self.is_private:
            offered.append(STARTTLS)
        if self.script.login:
            offered.append("AUTH LOGIN PLAIN")
        offered += ["8BITMIME", "SMTPUTF8", f"SIZE {LARGEST_MAIL}"]
        return [f"250-{offer}" for offer in offered[:-1]] + [f"250 {offered[-1]}"]

    def _note(self, verb: str, address: str) -> None:
        if verb in {"EHLO", "HELO", "RSET", "MAIL"}:
            self.sender, self.recipients = address, []
        elif verb == "RCPT":
            self.recipients.append(address)

    async def _data(self) -> None:
        usual = "354 end with a dot" if self.recipients else "503 5.5.1 RCPT first"
        reply = await self.script.reply(self, "DATA", usual)
        await self.say(reply)
        if not reply.startswith("354"):
            return
        await self.script.reply(self, "CONTENT", "")
        content = await self.reader.readuntil(END)
        lines = b"\r\n" + content[: 2 - len(END)]
        await self.script.take(self, lines.replace(b"\r\n..", b"\r\n.")[2:])
        self.sender, self.recipients = "", []

    async def _start_tls(self) -> None:
        offered = self.script.tls and not self.is_private
        usual = "220 2.0.0 ready" if offered else "502 5.5.1 no TLS here"
        reply = await self.script.reply(self, "STARTTLS", usual)
        await self.say(reply)
        if reply.startswith("220") and self.script.tls:
            await self.writer.start_tls(self.script.tls)
            self.is_private, self.sender, self.recipients = True, "", []

    async def _authenticate(self, argument: str) -> None:
        mechanism, _, first = argument.partition(" ")
        given = [await self._told(first, "VXNlcm5hbWU6" if mechanism == "LOGIN" else "")]
        if mechanism == "LOGIN":
            given.append(await self._told("", "UGFzc3dvcmQ6"))
        right = tuple("\0".join(given).split("\0")[-2:]) == self.script.login
        usual = "235 2.7.0 welcome" if right else "535 5.7.8 not these"
        await self.say(await self.script.reply(self, "AUTH", usual))

    async def _told(self, said: str, question: str) -> str:
        """What the client has said already, or says when it is asked."""
        if not said:
            await self.say(f"334 {question}")
            said = (await self.reader.readline()).decode().strip()
        return base64.b64decode(said).decode()


@asynccontextmanager
async def serving(script: Script) -> AsyncGenerator[int]:
    """The port on which the script is played; at the end whoever still talks is cut off."""
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talking.add(task)
        try:
            await Conversation(script, reader, writer).hold()
        except (HungUpError, OSError, asyncio.IncompleteReadError):
            return  # one of both has left
        except asyncio.CancelledError:
            return  # by us, below: asyncio would log a cancelled conversation as an error
        finally:
            talking.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0, limit=LARGEST_MAIL)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
