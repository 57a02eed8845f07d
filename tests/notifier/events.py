"""Events that ask for mails to the CTO."""

from uuid import UUID, uuid4

from libs.common.events import AddressesInsufficient, JobFailed


def insufficient(
    client_id: UUID, job_id: UUID | None = None, found: int = 0
) -> AddressesInsufficient:
    return AddressesInsufficient(
        job_id=job_id or uuid4(), client_id=client_id, kind="process", run=1, ladder=1,
        requested=10, found=found, cities=("01053",), tried=("la fenêtre de 6 à 8 ans",),
    )  # fmt: skip


def job_failed(client_id: UUID, ladder: int = 1, job_id: UUID | None = None) -> JobFailed:
    return JobFailed(
        job_id=job_id or uuid4(), client_id=client_id, kind="process", run=4, ladder=ladder,
        attempts=4, step="scrape", reason="no source answers",
    )  # fmt: skip
