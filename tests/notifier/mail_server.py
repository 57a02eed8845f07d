"""A real SMTP server on loopback that answers by script."""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.support.smtp import STARTTLS, Conversation, HungUpError, serving

DROP = "drop"
"""Close the connection instead of answering."""
STALL = "stall"
"""Never answer."""
UNASKED = frozenset({"CONNECT", "CONTENT"})
"""Not verbs of a client's."""


class MailServer:
    """Takes mails; `answers[verb]` are used up first: a reply, `DROP` or `STALL`.

    Verbs: CONNECT (the greeting), EHLO, HELO, STARTTLS (offered where it is scripted), AUTH, MAIL,
    RCPT, DATA (before the content), DOT (after it), QUIT.
    """

    tls: ssl.SSLContext | None = None

    def __init__(self, login: tuple[str, str] | None) -> None:
        self.login = login
        self.answers: defaultdict[str, deque[str]] = defaultdict(deque)
        self.taken: list[bytes] = []
        self.recipients: list[str] = []
        self.sessions = 0
        self.arrived = asyncio.Condition()
        self.port = 0
        self.seen: list[str] = []

    def answer(self, verb: str, *replies: str) -> None:
        self.answers[verb].extend(replies)

    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]  # type: ignore[misc]

    async def reply(self, conversation: Conversation, verb: str, usual: str) -> str:
        """The next that is scripted, else the usual."""
        self.sessions += verb == "CONNECT"
        if verb not in UNASKED and verb.isalpha():
            self.seen.append(verb)
        if verb == "EHLO" and self.answers[STARTTLS]:
            usual = usual.replace("\r\n", f"\r\n250-{STARTTLS}\r\n", 1)
        script = self.answers[verb]
        said = script.popleft() if script else usual
        if said == STALL:
            await asyncio.Event().wait()
        if said == DROP:
            conversation.writer.transport.abort()
            raise HungUpError
        return said

    async def take(self, conversation: Conversation, content: bytes) -> None:
        """Keep the mail, unless the script refuses it."""
        kept = self.answers["DOT"]
        if not kept or kept[0][:1] not in {"4", "5"}:
            self.taken.append(content)
            self.recipients.extend(conversation.recipients)
        async with self.arrived:
            self.arrived.notify_all()
        await conversation.say(await self.reply(conversation, "DOT", "250 queued as 42"))

    async def until(self, count: int) -> None:
        """Wait until so many mails are here."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.taken) >= count), 20)


@asynccontextmanager
async def mail_server(login: tuple[str, str] | None = None) -> AsyncGenerator[MailServer]:
    """A server that takes mails; with a login it offers AUTH, and asks nobody for it."""
    server = MailServer(login)
    async with serving(server) as server.port:
        yield server
