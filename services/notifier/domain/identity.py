"""Which mail is which."""

import uuid
from typing import Final
from uuid import UUID

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:trackimmo:mail")

CLIENT_KINDS: Final = frozenset({"notification", "monthly", "welcome"})
"""Mails that a client receives; the others go to the CTO."""

OPTIONAL_KINDS: Final = frozenset({"notification", "monthly"})
"""Mails that unsubscribing stops."""


def mail_id(kind: str, subject_id: UUID, period: str) -> UUID:
    """The one id of this mail, however often and by whomever it is asked for.

    A test mail is asked for once, by the request that it is named after.
    """
    if kind == "test":
        return subject_id
    return uuid.uuid5(NAMESPACE, f"{kind}:{subject_id}:{period}")


def message_id(mail: UUID, mail_domain: str) -> str:
    """The Message-ID of every attempt."""
    return f"<{mail}@{mail_domain}>"
