"""A mail server that delivers to a folder: `python -m deploy.local.mail_sink PORT FOLDER`.

Every accepted message is one `.eml` file for each recipient, there complete or not at all.
"""

import asyncio
import hashlib
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024


class Mailbox:
    """Accepts what it is handed and files it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        for recipient in envelope.rcpt_tos:
            file(self.folder, recipient, raw, datetime.now(UTC))
        return "250 2.0.0 filed"


def file(folder: Path, recipient: str, raw: bytes, now: datetime) -> Path:
    """The path under which the message lies, complete."""
    digest = hashlib.sha256(recipient.encode() + raw).hexdigest()[:10]
    address = re.sub(r"[^A-Za-z0-9@._+-]", "_", recipient)[:100]
    target = folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{address}-{digest}.eml"
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(raw)
    return unfinished.rename(target)


async def serve(port: int, folder: Path) -> None:
    """Accept mail until cancelled."""
    mailbox = Mailbox(folder)

    def conversation() -> SMTP:
        return SMTP(
            mailbox,
            hostname="mail.localhost",
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(conversation, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    port, folder = sys.argv[1:]
    os.umask(0o077)
    asyncio.run(serve(int(port), Path(folder)))


if __name__ == "__main__":
    main()
