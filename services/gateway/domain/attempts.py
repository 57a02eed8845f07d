"""The runs of a job's whole life: when each was, how it ended, why."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, Literal

import msgspec

from services.gateway.domain.movements import (
    CLOSED,
    HANDED_OFF,
    STEPS,
    Movement,
    Step,
    outcome,
)

FAILED: Final = ("failed", "broken", *CLOSED)


class RunMovement(Movement, frozen=True, kw_only=True):
    """A movement of any run."""

    run: int


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A run; `attempt` counts those of its ladder, which a person's retry begins anew."""

    run: int
    ladder: int
    attempt: int
    began_at: datetime | None
    ended_at: datetime | None
    status: Literal["processing", "completed", "failed"]
    step: Step
    """Where it failed, else the furthest that has begun."""
    reason: str | None


def attempts(movements: Iterable[RunMovement]) -> Sequence[Attempt]:
    """The runs of these movements, which come run by run."""
    return list(_attempts(movements))


def _attempts(movements: Iterable[RunMovement]) -> Iterator[Attempt]:
    ladder, number = 1, 0
    for run, each in groupby(movements, key=lambda movement: movement.run):
        of_run = list(each)
        begun = max((m.detail.ladder or 1 for m in of_run), default=1)
        ladder, number = (begun, 1) if begun > ladder else (ladder, number + 1)
        yield _attempt(of_run, run=run, ladder=ladder, attempt=number)


def _attempt(movements: Sequence[RunMovement], *, run: int, ladder: int, attempt: int) -> Attempt:
    now = outcome(movements, last_attempt=True)
    status = "processing" if now.status == "pending" else now.status
    furthest = max((STEPS.index(m.step) for m in movements if m.step != "job"), default=0)
    return Attempt(
        run=run,
        ladder=ladder,
        attempt=attempt,
        began_at=min((m.at for m in movements if m.at), default=None),
        ended_at=_ended(movements, status),
        status=status,
        step=now.failure.step if now.failure else STEPS[furthest],
        reason=now.error,
    )


def _ended(movements: Iterable[Movement], status: str) -> datetime | None:
    """When that was known which decided the run; what was heard later changes no date."""
    deciding = {
        "completed": lambda m: m.detail.found == 0 or m.state in HANDED_OFF,
        "failed": lambda m: m.state in FAILED,
    }.get(status)
    return min((m.at for m in movements if deciding and m.at and deciding(m)), default=None)
