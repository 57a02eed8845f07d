"""The present run of a job, and what news make of it."""

from collections.abc import Iterable
from typing import Literal
from uuid import UUID

import msgspec

from services.gateway.domain.movements import Failure, Movement, Outcome, Step, adds, outcome


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The present run of a job with everything known of it, locked until the transaction ends."""

    job_id: UUID
    client_id: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    run: int
    ladder: int
    attempt: int
    alerted: bool
    """Whether `job.failed` was written for this ladder."""
    movements: tuple[Movement, ...] = ()

    @property
    def step(self) -> Step:
        """The furthest step that has begun."""
        begun = {movement.step for movement in self.movements}
        return "mail" if "mail" in begun else "assign" if "assign" in begun else "scrape"


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """News of a run, and where they leave it; `alert` is the failure that a person must hear of."""

    run: Run
    news: tuple[Movement, ...]
    outcome: Outcome
    alert: Failure | None = None


def advance(run: Run, said: Iterable[Movement], *, max_retries: int) -> Advance | None:
    """What a run becomes by what was said of it; nothing if that was known already."""
    known = list(run.movements)
    news: list[Movement] = []
    for movement in said:
        if adds(known, movement):
            known.append(movement)
            news.append(movement)
    if not news:
        return None
    now = outcome(known, last_attempt=run.attempt > max_retries)
    for_good = now.status == "failed" and not run.alerted
    return Advance(run=run, news=tuple(news), outcome=now, alert=now.failure if for_good else None)
