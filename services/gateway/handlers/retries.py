"""Jobs whose time has come are run again."""

from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec
import structlog

from libs.common.events import ClientProcess
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.domain.movements import Detail, Movement
from services.gateway.handlers.outcomes import Runs, move, report

log = structlog.get_logger()

BATCH: Final = 500


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs whose time has come: those that began a run, and those that have nobody to serve."""

    begun: Sequence[ClientProcess] = ()
    orphaned: Sequence[UUID] = ()


class Restarted(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs began a run, and how many ended for want of an active client."""

    processed: int
    failed: int


class Retries(Protocol):
    """Jobs that wait, as the repository keeps them."""

    async def begin_due_runs(self, conn: Connection, *, early: bool, limit: int) -> Due:
        """Begin a run of each job that is due, or with `early` of each that waits."""
        ...


async def start_due(
    conn: Connection,
    emit: Emit,
    *,
    retries: Retries,
    runs: Runs,
    max_retries: int,
    early: bool = False,
    limit: int = BATCH,
) -> Restarted:
    """Begin what is due; a job whose client is gone or not active fails at once."""
    due = await retries.begin_due_runs(conn, early=early, limit=limit)
    for event in due.begun:
        emit(event, None)
    if due.begun:
        log.info("jobs_retried", jobs=len(due.begun))
    await _close(conn, emit, due.orphaned, runs=runs, max_retries=max_retries)
    return Restarted(processed=len(due.begun), failed=len(due.orphaned))


async def _close(
    conn: Connection, emit: Emit, job_ids: Sequence[UUID], *, runs: Runs, max_retries: int
) -> None:
    if not job_ids:
        return
    locked = await runs.lock_runs(conn, sorted(job_ids))
    said = {run.job_id: (_nobody_to_serve(run.client_id),) for run in locked}
    for moved in await move(conn, locked, said, runs=runs, max_retries=max_retries):
        report(emit, moved, None)


def _nobody_to_serve(client_id: UUID) -> Movement:
    why = Detail(permanent=True, reason=f"Client {client_id} not found or inactive")
    return Movement(step="scrape", state="failed", detail=why)
