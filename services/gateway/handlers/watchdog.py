"""Jobs that nothing was heard of: asked for once more, then counted as failed.

An event that could not be decoded never touches its job: here that job is found.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec
import structlog

from libs.common.events import ClientProcess
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.telemetry import traces
from services.gateway.domain.movements import Detail, Movement
from services.gateway.domain.runs import Run
from services.gateway.handlers.outcomes import Runs, move, report

log = structlog.get_logger()

PATIENCE: Final = timedelta(minutes=15)


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs without movement: those asked again just now, and those that were asked in vain."""

    restated: Sequence[ClientProcess] = ()
    given_up: Sequence[UUID] = ()


class Watch(Protocol):
    """Jobs under way, as the repository keeps them."""

    async def find_silent(self, conn: Connection, patience: timedelta) -> Silent:
        """Jobs silent for so long that wait neither for their mail nor for a city."""
        ...


async def watch(
    conn: Connection, emit: Emit, *, watched: Watch, runs: Runs, max_retries: int
) -> None:
    """Have the last `client.process` of silent jobs written again, then count the run as failed.

    Not to be called while events wait to be published or handled: silence says nothing then.
    """
    silent = await watched.find_silent(conn, PATIENCE)
    for event in silent.restated:
        with traces.working_for():
            log.error("job_silent", job_id=str(event.job_id), run=event.run, asked_again=True)
            emit(event, None)
    if not silent.given_up:
        return
    locked = await runs.lock_runs(conn, sorted(silent.given_up))
    said = {run.job_id: (_lost(run),) for run in locked}
    for moved in await move(conn, locked, said, runs=runs, max_retries=max_retries):
        job_id, run = str(moved.run.job_id), moved.run.run
        with traces.working_for():
            log.error("job_silent", job_id=job_id, run=run, asked_again=False)
            report(emit, moved, None)


def _lost(run: Run) -> Movement:
    minutes = int(PATIENCE.total_seconds() // 60)
    why = Detail(reason=f"Nothing was heard of the {run.step} step for {minutes} minutes, twice")
    return Movement(step=run.step, state="broken" if run.step == "mail" else "failed", detail=why)
