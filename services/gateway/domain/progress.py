"""How far a job has come, as its client reads it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from services.gateway.domain.attempts import Attempt
from services.gateway.domain.movements import (
    HANDED_OFF,
    STEPS,
    Detail,
    Movement,
    Status,
    Step,
    reach,
    reason,
    until,
)

StepState = Literal[
    "pending", "running", "waiting", "done", "failed", "sent", "unknown", "suppressed"
]

SETTLED: Final = (*HANDED_OFF, "failed")
ENDED: Final = ("done", "failed", "broken", *HANDED_OFF)


class StepProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the present run: homes or cities done of a total, seconds when it has ended."""

    state: StepState = "pending"
    done: int | None = None
    total: int | None = None
    seconds: float | None = None
    note: str = ""
    next_try_at: datetime | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The present run; `step` is the furthest that has begun. `attempts` are all runs so far."""

    step: Step
    steps: dict[Step, StepProgress]
    attempt: int
    next_attempt_at: datetime | None
    attempts: Sequence[Attempt]


class JobStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `GET /api/job-status/{job_id}`."""

    job_id: UUID
    client_id: UUID
    kind: Literal["scheduled", "process", "add", "test"]
    status: Status
    properties_assigned: int | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    progress: Progress


def progress(
    movements: Sequence[Movement],
    *,
    attempt: int,
    next_attempt_at: datetime | None,
    attempts: Sequence[Attempt] = (),
) -> Progress:
    """What the movements of a run say about its steps."""
    of = {step: [m for m in movements if m.step == step] for step in STEPS}
    begun: list[Step] = [step for step in STEPS if of[step]]
    return Progress(
        step=begun[-1] if begun else "scrape",
        steps={"scrape": _work(of["scrape"]), "assign": _work(of["assign"]), "mail": _mail(of["mail"])},
        attempt=attempt,
        next_attempt_at=next_attempt_at,
        attempts=attempts,
    )  # fmt: skip


def _work(movements: Sequence[Movement]) -> StepProgress:
    """A step that is done when it says so, even where a failure was heard of too."""
    if not movements:
        return StepProgress()
    if done := [m.detail for m in movements if m.state == "done"]:
        return _done(max(done, key=lambda d: (d.found or 0, d.requested or 0, d.note)), movements)
    if failed := [m for m in movements if m.state == "failed"]:
        return _counted("failed", max(map(reason, failed)), movements)
    return _counted("running", _furthest(movements).note, movements)


def _done(detail: Detail, movements: Sequence[Movement]) -> StepProgress:
    if detail.found is None:
        return _counted("done", detail.note, movements)
    return StepProgress(
        state="done", done=detail.found, total=detail.requested,
        seconds=_seconds(movements), note=detail.note,
    )  # fmt: skip


def _counted(state: StepState, note: str, movements: Sequence[Movement]) -> StepProgress:
    detail = _furthest(movements)
    return StepProgress(
        state=state, done=detail.done, total=detail.total, seconds=_seconds(movements), note=note
    )


def _furthest(movements: Sequence[Movement]) -> Detail:
    return max((m.detail for m in movements if m.state == "running"), key=reach, default=Detail())


def _mail(movements: Sequence[Movement]) -> StepProgress:
    """The mail as its greatest version left it, else when it is tried again."""
    if settled := [m for m in movements if m.state in SETTLED]:
        last = max(settled, key=lambda m: (m.detail.version, m.state, m.detail.reason))
        return _mailed(_shown(last), last.detail.reason, movements)
    if broken := [m for m in movements if m.state == "broken"]:
        return _mailed("failed", max(map(reason, broken)), movements)
    if waits := [m.detail for m in movements if m.state == "waiting"]:
        last_wait = max(waits, key=until)
        return StepProgress(state="waiting", note=last_wait.note, next_try_at=last_wait.next_try_at)
    return StepProgress(state="running") if movements else StepProgress()


def _mailed(state: StepState, note: str, movements: Sequence[Movement]) -> StepProgress:
    return StepProgress(state=state, note=note, seconds=_seconds(movements))


def _shown(movement: Movement) -> StepState:
    return msgspec.convert(movement.state, StepState)


def _seconds(movements: Sequence[Movement]) -> float | None:
    began = min((m.at for m in movements if m.at), default=None)
    ended = min((m.at for m in movements if m.at and m.state in ENDED), default=None)
    return round((ended - began).total_seconds(), 3) if began and ended else None
