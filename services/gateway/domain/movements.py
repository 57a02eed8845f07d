"""What happened in one run of a job, and what that makes of the job.

    processing ──▶ pending ──▶ failed ──▶ completed

Movements form a set that only grows, and each status is "some movement says so", looked at from
the right. So the order in which movements arrive never matters, nor do repeats, and within a run
the status moves to the right only.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

Step = Literal["scrape", "assign", "mail"]
Status = Literal["processing", "pending", "completed", "failed"]
State = Literal[
    "running", "waiting", "done",
    "failed",  # a step that failed, or a mail that will never be sent
    "broken",  # the step of mailing failed before there was a mail to speak of
    "sent", "unknown", "suppressed",
    "cancelled", "erased",
]  # fmt: skip

STEPS: Final[tuple[Step, ...]] = ("scrape", "assign", "mail")
HANDED_OFF: Final = ("sent", "unknown", "suppressed")
CLOSED: Final = ("cancelled", "erased")
ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a movement says besides its state."""

    done: int = 0
    total: int = 0
    note: str = ""
    requested: int | None = None
    found: int | None = None
    permanent: bool = False
    reason: str = ""
    version: int = 0
    next_try_at: datetime | None = None
    ladder: int | None = None
    """Of the first movement of a run that a person began."""


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """A row of what happened; `at` is known once it is stored."""

    step: Step | Literal["job"]
    state: State
    detail: Detail = Detail()
    at: datetime | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run failed."""

    step: Step
    reason: str
    permanent: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run stands; `failure` is the one to speak of, `error` what people read."""

    status: Status
    found: int | None = None
    error: str | None = None
    failure: Failure | None = None


def outcome(movements: Sequence[Movement], *, last_attempt: bool) -> Outcome:
    """Where the run of these movements stands: the first line that holds."""
    found = max((m.detail.found for m in movements if m.detail.found is not None), default=None)
    if any(m.detail.found == 0 or m.state in HANDED_OFF for m in movements):
        return Outcome(status="completed", found=found)
    failure = _failure(movements)
    if closed := sorted(m.detail.reason or m.state for m in movements if m.state in CLOSED):
        return Outcome(status="failed", found=found, error=closed[0])
    if failure is None:
        return Outcome(status="processing", found=found)
    status: Status = "failed" if failure.permanent or last_attempt else "pending"
    return Outcome(status=status, found=found, error=failure.reason, failure=failure)


def _failure(movements: Iterable[Movement]) -> Failure | None:
    """The gravest failure: a permanent one, else that of the latest step."""
    failed: list[tuple[bool, int, int, str]] = [
        (_is_permanent(m), STEPS.index(m.step), m.detail.version, reason(m))
        for m in movements
        if m.step != "job" and m.state in {"failed", "broken"}
    ]
    if not failed:
        return None
    permanent, step, _, why = max(failed)
    return Failure(step=STEPS[step], reason=why, permanent=permanent)


def reason(movement: Movement) -> str:
    """Why a step failed, in words even where nobody gave any."""
    return movement.detail.reason or f"The {movement.step} step failed"


def _is_permanent(movement: Movement) -> bool:
    settled_mail = movement.step == "mail" and movement.state == "failed"
    return settled_mail or movement.detail.permanent


def adds(known: Iterable[Movement], movement: Movement) -> bool:
    """Whether a movement says something that the known ones of its run do not."""
    same = [m.detail for m in known if (m.step, m.state) == (movement.step, movement.state)]
    match movement.state:
        case "running":
            return all(reach(detail) < reach(movement.detail) for detail in same)
        case "waiting":
            return all(until(detail) < until(movement.detail) for detail in same)
        case _:
            return movement.detail not in same


def reach(detail: Detail) -> tuple[int, int, str]:
    """How far a running step has come: the greatest is the one to believe."""
    return detail.done, detail.total, detail.note


def until(detail: Detail) -> tuple[datetime, str]:
    """When a waiting mail is tried again: the latest is the one to believe."""
    return detail.next_try_at or ALWAYS, detail.note


def hours_until_retry(attempt: int) -> int:
    """How long a job waits after its first, second, third … failing run: 1, 2, 4 … hours."""
    return 2 ** (attempt - 1)
