"""What the others hear of a mail."""

from typing import Any

import structlog

from libs.common.envelope import Received
from libs.common.events import Event, MailSettled, StepProgressed
from libs.common.outbox import Emit
from services.notifier.domain.delivery import for_others
from services.notifier.domain.mail import Mail


def tell(mail: Mail, emit: Emit, cause: Received[Any] | None = None) -> None:
    """Say how a mail stands, if there is something to say.

    Only a notification speaks for its job; other kinds never touch one.
    """
    event = outcome(mail)
    if event:
        with structlog.contextvars.bound_contextvars(traceparent=mail.traceparent):
            emit(event, cause)


def outcome(mail: Mail) -> Event | None:
    """`mail.settled`, or for a notification that was refused for now `step.progressed`."""
    if mail.state in {"sent", "failed", "unknown", "suppressed"}:
        return _settled(mail)
    if mail.state == "pending" and mail.tries > 0:
        return _waiting(mail)
    return None


def _settled(mail: Mail) -> MailSettled:
    job = mail.job if mail.kind == "notification" else None
    return MailSettled(
        mail_id=mail.id,
        mail_kind=mail.kind,
        subject_id=mail.subject_id,
        state=mail.state,  # pyright: ignore[reportArgumentType] - one of the four, see outcome()
        version=mail.version,
        evidence=for_others(mail.evidence),
        job_id=job and job.id,
        client_id=mail.client_id if job else None,
        kind=job and job.kind,
        run=job and job.run,
        ladder=job and job.ladder,
    )


def _waiting(mail: Mail) -> StepProgressed | None:
    job = mail.job
    if mail.kind != "notification" or job is None or mail.client_id is None:
        return None
    return StepProgressed(
        job_id=job.id,
        client_id=mail.client_id,
        kind=job.kind,
        run=job.run,
        ladder=job.ladder,
        step="mail",
        state="waiting",
        note=for_others(mail.evidence),
        next_try_at=mail.next_try_at,
    )
