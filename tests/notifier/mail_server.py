# ruff: noqa: ARG002 - the signatures of aiosmtpd's hooks
"""A real SMTP server on loopback that answers by script."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, syntax

DROP = "drop"
"""Close the connection instead of answering."""
STALL = "stall"
"""Never answer."""


class MailServer:
    """Takes mails; `answers[verb]` are used up first: a reply, `DROP` or `STALL`.

    Verbs: CONNECT (the greeting), EHLO, HELO, STARTTLS (offered where it is scripted), AUTH, MAIL,
    RCPT, DATA (before the content), DOT (after it), QUIT.
    """

    def __init__(self) -> None:
        self.answers: defaultdict[str, deque[str]] = defaultdict(deque)
        self.taken: list[bytes] = []
        self.recipients: list[str] = []
        self.sessions = 0
        self.arrived = asyncio.Condition()
        self.port = 0
        self.seen: list[str] = []
        self.transports: list[asyncio.Transport] = []

    def answer(self, verb: str, *replies: str) -> None:
        self.answers[verb].extend(replies)

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]  # type: ignore[misc]

    async def reply(self, server: SMTP, verb: str, usual: str) -> str:
        self.seen.append(verb)
        script = self.answers[verb]
        said = script.popleft() if script else usual
        if said == STALL:
            await asyncio.Event().wait()
        if said == DROP:
            cast(asyncio.Transport, server.transport).abort()
            await asyncio.Event().wait()
        return said

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        said = await self.reply(server, "EHLO", "")
        if self.answers["STARTTLS"]:
            responses.insert(1, "250-STARTTLS")
        return [said] if said else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str
    ) -> str:
        session.host_name = hostname
        return await self.reply(server, "HELO", "250 mail.test")

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        said = await self.reply(server, "MAIL", "250 OK")
        if said.startswith("2"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        said = await self.reply(server, "RCPT", "250 OK")
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        kept = self.answers["DOT"]
        if not kept or kept[0][:1] not in {"4", "5"}:
            self.taken.append(envelope.content)
            self.recipients.extend(envelope.rcpt_tos)
        said = await self.reply(server, "DOT", "250 queued as 42")
        async with self.arrived:
            self.arrived.notify_all()
        return said

    async def handle_QUIT(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        return await self.reply(server, "QUIT", "221 bye")

    async def until(self, count: int) -> None:
        """Wait until so many mails are here."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.taken) >= count), 20)


class _Conversation(SMTP):
    _greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.transports.append(transport)
        super().connection_made(transport)

    async def push(self, status: Any) -> None:
        first, self._greeted = not self._greeted, True
        if first and self.event_handler.answers["CONNECT"]:
            status = await self.event_handler.reply(self, "CONNECT", status)
        await super().push(status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if not await self._answered("DATA"):
            await super().smtp_DATA(arg)

    @syntax("STARTTLS")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        if not await self._answered("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    @syntax("AUTH <mechanism>")
    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self._answered("AUTH"):
            await super().smtp_AUTH(arg)

    async def _answered(self, verb: str) -> bool:
        handler: MailServer = self.event_handler
        if not handler.answers[verb]:
            return False
        await self.push(await handler.reply(self, verb, ""))
        return True


@asynccontextmanager
async def mail_server(authenticator: Any = None) -> AsyncGenerator[MailServer]:
    handler = MailServer()

    def conversation() -> SMTP:
        handler.sessions += 1
        return _Conversation(
            handler, hostname="mail.test", enable_SMTPUTF8=False,
            authenticator=authenticator, auth_require_tls=False,
        )  # fmt: skip

    loop = asyncio.get_running_loop()
    server = await loop.create_server(conversation, "127.0.0.1", 0)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        for transport in handler.transports:
            transport.abort()
        for task in asyncio.all_tasks():
            coroutine = getattr(task.get_coro(), "__qualname__", "")
            if coroutine.startswith("SMTP._handle_client"):
                task.cancel()
        await asyncio.sleep(0)
