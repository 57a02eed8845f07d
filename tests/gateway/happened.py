"""What may happen to a job of the gateway's tests."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.common.events import (
    AddressesInsufficient,
    JobEvent,
    MailSettled,
    MailState,
    PropertiesAssigned,
    PropertiesReady,
    StepFailed,
    StepProgressed,
)

Happened = JobEvent | MailSettled

CLIENT = UUID(int=7)


def base(job_id: UUID, run: int = 1, ladder: int = 1) -> dict[str, Any]:
    return {"job_id": job_id, "client_id": CLIENT, "kind": "add", "run": run, "ladder": ladder}


def ready(job_id: UUID, run: int = 1) -> PropertiesReady:
    return PropertiesReady(
        **base(job_id, run), count=10, cities=("01053",), kinds=("house",), seed=1,
        as_of=date(2026, 11, 21), notes=("2017: none",),
    )  # fmt: skip


def scraped(job_id: UUID, done: int) -> StepProgressed:
    return StepProgressed(**base(job_id), step="scrape", state="running", done=done, total=3)


def assigned(job_id: UUID, found: int = 10, run: int = 1) -> PropertiesAssigned:
    return PropertiesAssigned(**base(job_id, run), requested=10, found=found, address_ids=())


def insufficient(job_id: UUID, found: int) -> AddressesInsufficient:
    return AddressesInsufficient(
        **base(job_id), requested=10, found=found, cities=("01053",), tried=()
    )


def waiting(job_id: UUID) -> StepProgressed:
    again = datetime(2026, 11, 21, 10, 5, tzinfo=UTC)
    return StepProgressed(**base(job_id), step="mail", state="waiting", next_try_at=again)


def failed(job_id: UUID, *, permanent: bool = False, run: int = 1, ladder: int = 1) -> StepFailed:
    return StepFailed(
        **base(job_id, run, ladder), step="scrape", permanent=permanent, reason="no source"
    )


def mail(
    job_id: UUID, state: MailState, version: int = 1, kind: Any = "notification"
) -> MailSettled:
    return MailSettled(
        **base(job_id), mail_id=uuid4(), mail_kind=kind, subject_id=job_id, state=state,
        version=version, evidence=f"answer {version}",
    )  # fmt: skip
