"""Jobs that a person ends: nobody is alarmed."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from libs.common.postgres import Connection
from services.gateway.domain.movements import Detail, Movement
from services.gateway.handlers.outcomes import Runs, move


async def close(
    conn: Connection,
    job_ids: Sequence[UUID],
    state: Literal["cancelled", "erased"],
    *,
    reason: str = "",
    runs: Runs,
) -> None:
    """Fail these jobs for this reason; one whose mail has left by now is completed all the same."""
    if not job_ids:
        return
    said = (Movement(step="job", state=state, detail=Detail(reason=reason)),)
    locked = await runs.lock_runs(conn, sorted(job_ids))
    # However many retries were left: a closed job has none.
    await move(conn, locked, dict.fromkeys(job_ids, said), runs=runs, max_retries=0)
