"""An SMTP server that fails by script, and the list of what it has taken responsibility for."""

import asyncio
import hashlib
import random
import ssl
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Final, Literal

import msgspec
import trustme

from tests.support.authority import certified
from tests.support.smtp import LOOPBACK, STARTTLS, Conversation, HungUpError, serving

Verb = Literal[
    "CONNECT", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", "DOT", "QUIT", "RSET", "NOOP"
]  # fmt: skip
"""CONNECT is the greeting, CONTENT the time between 354 and the final dot, DOT the answer to it."""
Deed = Literal[
    "stall", "drop", "drip", "store-then-drop", "store-then-stall", "hide-starttls", "garble", "stranger"
]  # fmt: skip
"""What is done instead of answering.

`drip` sends the usual answer byte by byte; the two `store-…` are for DOT; `hide-starttls` is for
EHLO, `garble` (no TLS after 220) and `stranger` (a certificate that nobody knows) for STARTTLS.
"""
DRIP_SECONDS: Final = 0.5
"""Between the letters: a reply takes about as long as a client waits for it."""
GARBAGE: Final = b"this is no TLS\r\n"


class Accepted(msgspec.Struct):
    """A mail that the server has taken responsibility for."""

    message_id: str
    recipient: str
    at: float
    sha256: str
    content: bytes = b""
    answered: bool = False
    """Whether the client was sent its 250."""
    is_private: bool = False
    """Whether it came through TLS."""


class Fault(msgspec.Struct, eq=False):
    """What is said or done at a verb instead of the usual answer."""

    verb: Verb
    reply: str
    does: Deed | None
    drip_seconds: float
    times: float
    share: float
    to: str
    fired: asyncio.Event
    """Set as soon as it has happened once."""
    count: int = 0


class PostOffice:
    """Accepts every mail until it is told otherwise."""

    def __init__(self, seed: int = 0) -> None:
        self.tls: ssl.SSLContext | None = None
        self.login: tuple[str, str] | None = None
        """Name and password that clients must give, where it is set."""
        self.port = 0
        self.accepted: list[Accepted] = []
        self.faults: list[Fault] = []
        self.arrived = asyncio.Condition()
        self.heard = Counter[str]()
        """How often each verb was."""
        self._seed = seed
        self._seen = Counter[str]()
        self._healed = asyncio.Event()

    def on(
        self,
        verb: Verb,
        *,
        reply: str = "",
        does: Deed | None = None,
        after_dot: Deed | None = None,
        drip_seconds: float = DRIP_SECONDS,
        times: float = float("inf"),
        share: float = 1.0,
        to: str = "",
    ) -> Fault:
        """At this verb, say or do this from now on: so many times, for this share of the mails.

        `to` is the recipient whose mails alone are meant (from RCPT on).
        """
        verb, does = ("DOT", after_dot) if after_dot else (verb, does)
        fault = Fault(verb, reply, does, drip_seconds, times, share, to, asyncio.Event())
        self.faults.append(fault)
        return fault

    def reset(self) -> None:
        """No faults any more; conversations that have stalled are cut off."""
        self.faults.clear()
        self._healed.set()
        self._healed = asyncio.Event()

    async def until(self, count: int, seconds: float = 20) -> None:
        """Wait until so many mails have been taken."""
        async with asyncio.timeout(seconds), self.arrived:
            await self.arrived.wait_for(lambda: len(self.accepted) >= count)

    def certify(self, folder: Path) -> Mapping[str, str]:
        """Offer STARTTLS from now on; returns the settings of a client that insists on it."""
        authority, known = trustme.CA(), folder / "authority.pem"
        self.tls = certified(authority, LOOPBACK)
        authority.cert_pem.write_to_path(str(known))
        return {"SMTP_SECURITY": "starttls", "SSL_CERT_FILE": str(known)}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["PostOffice"]:
        """Listen until the end; then whoever still talks is cut off."""
        async with serving(self) as self.port:
            yield self

    async def reply(self, conversation: Conversation, verb: str, usual: str) -> str:
        """The usual reply, unless a fault is due."""
        self.heard[verb] += 1
        fault = self._due(verb, conversation)
        return await self._strike(fault, conversation, usual) if fault else usual

    async def take(self, conversation: Conversation, content: bytes) -> None:
        """Take responsibility for a mail, or not, and say so, or not."""
        fault = self._due("DOT", conversation)
        refused = fault and (fault.reply[:1] in {"4", "5"} or fault.does in {"stall", "drop"})
        taken = [] if refused else self._stored(conversation, content)
        async with self.arrived:
            self.arrived.notify_all()
        usual = "250 2.0.0 taken"
        reply = await self._strike(fault, conversation, usual) if fault else usual
        await conversation.say(reply)
        for mail in taken:
            mail.answered = True

    def _stored(self, conversation: Conversation, content: bytes) -> list[Accepted]:
        message_id = str(BytesHeaderParser().parsebytes(content)["Message-ID"] or "")
        taken = [
            Accepted(
                message_id=message_id.strip(),
                recipient=recipient,
                at=time.time(),
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
                is_private=conversation.is_private,
            )
            for recipient in conversation.recipients
        ]
        self.accepted += taken
        return taken

    def _due(self, verb: str, conversation: Conversation) -> Fault | None:
        recipient = conversation.recipient
        for fault in self.faults:
            if fault.verb == verb and fault.to in {"", recipient} and self._hits(fault, recipient):
                fault.count += 1
                if fault.count >= fault.times:
                    self.faults.remove(fault)
                fault.fired.set()
                return fault
        return None

    def _hits(self, fault: Fault, recipient: str) -> bool:
        """By chance, but the same for the same try of the same recipient's mail."""
        if fault.share >= 1:
            return True
        mark = f"{self._seed} {fault.verb} {recipient}"
        self._seen[mark] += 1
        return random.Random(f"{mark} {self._seen[mark]}").random() < fault.share

    async def _strike(self, fault: Fault, conversation: Conversation, usual: str) -> str:
        match fault.does:
            case "drop" | "store-then-drop":
                raise self._cut(conversation)
            case "stall" | "store-then-stall":
                await self._healed.wait()
                raise self._cut(conversation)
            case "garble" | "stranger":
                await self._break_tls(conversation, fault.does)
                raise HungUpError
            case "drip":
                conversation.drip_seconds = fault.drip_seconds
                return fault.reply or usual
            case "hide-starttls":
                return usual.replace(f"250-{STARTTLS}\r\n", "")
            case None:
                return fault.reply

    def _cut(self, conversation: Conversation) -> HungUpError:
        conversation.writer.transport.abort()
        return HungUpError()

    async def _break_tls(self, conversation: Conversation, deed: Deed) -> None:
        await conversation.say("220 2.0.0 ready")
        if deed == "garble":
            conversation.writer.write(GARBAGE)
            await conversation.writer.drain()
        else:
            await conversation.writer.start_tls(certified(trustme.CA(), LOOPBACK))
