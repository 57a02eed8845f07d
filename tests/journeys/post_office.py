"""A mail server that keeps some of those who call waiting, and is rude about others."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP


class PostOffice:
    """Takes mail; a recipient in `held` waits for its event, one in `refused` is told why not."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[tuple[str, bytes]] = []
        self.held: dict[str, asyncio.Event] = {}
        self.waiting: set[str] = set()
        self.refused: dict[str, str] = {}

    def to(self, address: str) -> int:
        """How many mails this recipient got."""
        return sum(recipient == address for recipient, _ in self.taken)

    def naming(self, *words: str) -> list[str]:
        """Whose mails hold one of these words."""
        return [
            recipient
            for recipient, content in self.taken
            if any(word.encode() in content for word in words)
        ]

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        if address in self.held:
            self.waiting.add(address)
            await self.held[address].wait()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Any, envelope: Any
    ) -> str:
        self.taken += [(recipient, envelope.content) for recipient in envelope.rcpt_tos]
        return "250 2.0.0 taken"


@asynccontextmanager
async def post_office() -> AsyncGenerator[PostOffice]:
    """A server on loopback, until the end of the block."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(office, hostname="mail.test", loop=loop), "127.0.0.1", 0
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        for event in office.held.values():
            event.set()
        server.close()
