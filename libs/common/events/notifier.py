"""Facts that the notifier publishes."""

from typing import ClassVar, Literal
from uuid import UUID

from libs.common.events.base import Event, JobKind

MailKind = Literal["notification", "insufficient", "error", "monthly", "welcome", "test"]
MailState = Literal["sent", "failed", "unknown", "suppressed"]


class MailSettled(Event, frozen=True, kw_only=True):
    """A mail has reached a state that holds until a person or a later answer moves it.

    `version` grows with each change of that mail: the greatest wins. A mail without a job carries
    no job fields and is keyed by its subject. `evidence` is the server's own words.
    """

    topic: ClassVar[str] = "mail.settled"
    type: ClassVar[str] = "trackimmo.mail.settled.v1"

    mail_id: UUID
    mail_kind: MailKind
    subject_id: UUID
    state: MailState
    version: int
    evidence: str = ""
    job_id: UUID | None = None
    client_id: UUID | None = None
    kind: JobKind | None = None
    run: int | None = None
    ladder: int | None = None

    @property
    def key(self) -> str:
        return str(self.client_id or self.subject_id)
