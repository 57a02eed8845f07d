"""What mails say, held against what is recorded of them."""

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from services.notifier.domain.cards import card
from services.notifier.mailer.context import CARDS
from services.notifier.repository import facts
from tests.faults.oracle.observed import Accepted, Observed

# Whom a mail was handed over to, and in which words. Of an erased client nothing is left to compare.
WRITTEN: Final = """
    select mail.id, kind, job_id, message_id, recipient, text_body
    from notifier.mail left join notifier.mail_content on mail_id = mail.id
    where not blanked and (state in ('sent', 'unknown') or mail_id is not null)
"""
HOME: Final = re.compile(r"^\d+\. (.+)\n   (.+)$", re.MULTILINE)
LOCALE: Final = "fr"


async def miswritten(observed: Observed) -> list[str]:
    """Mails that name other homes than those on record, or that went to somebody else."""
    rows = await observed.connection.fetch(WRITTEN)
    recorded = await _recorded(observed, rows)
    taken: dict[str, list[Accepted]] = {}
    for mail in observed.accepted:
        taken.setdefault(mail.message_id.strip(), []).append(mail)
    return [
        f"{row['kind']} {wrong}: {row['id']}"
        for row in rows
        for wrong in _wrong(row, taken.get(row["message_id"], []), recorded)
    ]


async def _recorded(observed: Observed, rows: Iterable[Any]) -> dict[UUID, list[tuple[str, str]]]:
    """Street and town of each home of a job, in their order."""
    jobs = {row["job_id"] for row in rows if row["kind"] == "notification"}
    homes = await facts._homes(observed.connection, jobs)
    return {
        job_id: [
            (printed.street, printed.city)
            for printed in (card(home, LOCALE) for home in facts._offered(of_job)["homes"])
        ]
        for job_id, of_job in homes.items()
    }


def _wrong(
    row: Any, taken: Iterable[Accepted], recorded: dict[UUID, list[tuple[str, str]]]
) -> Iterator[str]:
    if row["recipient"] is None:
        yield "was handed over, and its words are not kept"
        return
    if any(mail.recipient != row["recipient"] for mail in taken):
        yield "went to somebody else"
    if row["kind"] != "notification":
        return
    homes = recorded.get(row["job_id"], [])[:CARDS]
    texts = [row["text_body"], *(text for mail in taken if (text := _text(mail.content)))]
    if any(HOME.findall(text) != homes for text in texts):
        yield "does not list the homes of its job"


def _text(content: bytes) -> str:
    """The plain part of a mail as it was taken."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    part = message.get_body(("plain",))
    return part.get_content().replace("\r\n", "\n") if part else ""
