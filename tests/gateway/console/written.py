"""Mails that were written, and attempts at them."""

from typing import Any
from uuid import UUID

from libs.common.postgres import Connection

PAGE = (
    "<style>@media screen and (prefers-color-scheme: dark) { body { color: red } }</style><p>Hello"
)


async def write(admin: Connection, mail_id: UUID, *, html: str = PAGE, **changed: str) -> None:
    given = {"recipient": "Ada@Agence.test", "subject": "Your addresses", **changed}
    await admin.execute(
        """insert into notifier.mail_content (mail_id, recipient, subject, headers, text_body, html_body)
           values ($1, $2, $3, $4, 'Hello as text', $5)""",
        mail_id, given["recipient"], given["subject"], {"List-Unsubscribe": "<https://x.test/u>"}, html,
    )  # fmt: skip


async def try_once(admin: Connection, mail_id: UUID, **changed: Any) -> None:
    given = {"number": 1, "verb": "DATA", "code": None, "reply": "timed out", **changed}
    await admin.execute(
        """insert into notifier.mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome)
           values ($1, $2, $3, $4, $5, 1234, 'unknown')""",
        mail_id, *given.values(),
    )  # fmt: skip
