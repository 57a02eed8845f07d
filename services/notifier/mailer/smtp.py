"""A conversation with the server in which it is always known how far it has come."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

import aiosmtplib
import msgspec

from libs.common.errors import PermanentError
from services.notifier import metrics
from services.notifier.domain.delivery import Cause, Reply, cause, delay
from services.notifier.domain.pace import Pace

Security = Literal["starttls", "tls", "none"]
Sign = Callable[[bytes], bytes]

MAILS_PER_CONNECTION: Final = 100
SECONDS_PER_CONNECTION: Final = 300
GOODBYE_SECONDS: Final = 2
COMPLETED: Final = 250


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The server that takes our mails, and how long we wait for it."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""
    local_hostname: str | None = None
    data_seconds: float = 300
    other_seconds: float = 30


class SmtpSession:
    """One connection, opened when needed and dropped after any failure; never shared."""

    def __init__(
        self, server: Server, sender: str, *, sign: Sign | None = None, pace: Pace | None = None
    ) -> None:
        self._server, self._sender, self._sign = server, sender, sign
        self._pace, self._domain = pace or Pace(), ""
        self._client: aiosmtplib.SMTP | None = None
        self._opened, self._mails = 0.0, 0
        self._verb, self._started = "", 0.0

    async def envelope(self, recipient: str) -> Reply | None:
        """Offer a mail to the server: nothing when it wants the content, else what stopped it.

        A connection that has rested may be gone without a word; then a fresh one is tried.
        """
        self._domain = recipient.rpartition("@")[2].lower()
        held = self._pace.hold(self._domain, time.monotonic())
        if held:
            return Reply("PACE", None, "its domain asks for fewer mails at a time", least_wait=held)
        await self._retire()
        rested = self._client is not None
        refused = await self._offer(recipient)
        if rested and refused and (refused.code is None or refused.code == 421):  # noqa: PLR2004
            refused = await self._offer(recipient)
        return refused

    async def content(self, raw: bytes) -> Reply:
        """Hand over the content; a reply without a code means that nobody knows."""
        try:
            raw = await asyncio.to_thread(self._sign, raw) if self._sign else raw
        except PermanentError as error:
            return await self._failed(error)  # at RCPT: nothing has been handed over
        client = self._client
        if client is None or not client.is_connected:
            # Nothing has been written since RCPT, so this is no doubt.
            return self._reply("RCPT", None, "the connection was lost before DATA")
        self._begin("DATA")
        try:
            response = await client.data(raw, timeout=self._server.data_seconds)
        except aiosmtplib.SMTPDataError as error:
            if error.code != COMPLETED:
                return await self._failed(error)
            await self.close()
            return self._reply("DATA", None, "the server said 250 before it had the content")
        except (aiosmtplib.SMTPException, OSError) as error:
            return await self._failed(error)
        self._mails += 1
        self._pace.taken(self._domain)
        return self._reply("DATA", response.code, response.message)

    async def close(self) -> None:
        """Say goodbye, which takes an open offer back; the answer to that changes nothing."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):  # the mails are settled
            if client.is_connected:
                await client.quit(timeout=GOODBYE_SECONDS)
        client.close()

    async def _offer(self, recipient: str) -> Reply | None:
        try:
            client = await self._open()
            await self._say("MAIL", client.mail(self._sender))
            await self._say("RCPT", client.rcpt(recipient))
        except (aiosmtplib.SMTPException, OSError) as error:
            return await self._failed(error)
        return None

    async def _open(self) -> aiosmtplib.SMTP:
        if self._client is not None:
            return self._client
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=False,  # done below, so that its failure has its own name
            local_hostname=server.local_hostname,
            timeout=server.other_seconds,
        )
        self._client, self._opened, self._mails = client, time.monotonic(), 0
        await self._say("CONNECT", client.connect())
        if server.security == "starttls":
            await self._say("STARTTLS", client.starttls())
        await self._say("EHLO", self._greet(client))
        if server.username:
            await self._say("AUTH", client.login(server.username, server.password))
        return client

    async def _greet(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            if not client.is_connected:  # 421 closes: its words are the answer
                raise
            await client.helo()

    async def _say(self, verb: str, command: Awaitable[Any]) -> None:
        self._begin(verb)
        await command

    def _begin(self, verb: str) -> None:
        self._verb, self._started = verb, time.monotonic()

    async def _failed(self, error: Exception) -> Reply:
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
        text = getattr(error, "message", None) or str(error) or type(error).__name__
        reply = self._reply(self._verb, code, str(text))
        self._learn(reply)
        await self.close()
        return reply

    def _learn(self, reply: Reply) -> None:
        match cause(reply):
            case Cause.RATE:
                self._pace.refused(self._domain, time.monotonic(), delay(reply, 0))
            case Cause.CONFIGURATION:
                metrics.SENDER_REFUSED.labels(reply.verb, str(reply.code)).inc()
            case _:
                pass

    def _reply(self, verb: str, code: int | None, text: str) -> Reply:
        answered = code is not None and 200 <= code <= 599  # noqa: PLR2004 - else it is no SMTP reply
        elapsed = round((time.monotonic() - self._started) * 1000)
        return Reply(verb, code if answered else None, _printable(text), elapsed)

    async def _retire(self) -> None:
        old = time.monotonic() - self._opened > SECONDS_PER_CONNECTION
        if self._client is not None and (old or self._mails >= MAILS_PER_CONNECTION):
            await self.close()


def _printable(text: str) -> str:
    """A server's words as UTF-8 text without NUL, whatever bytes it sent."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return clean.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:1000]
