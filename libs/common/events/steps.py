"""Facts about one step of a job, published by the service that works it."""

from datetime import datetime
from typing import ClassVar, Literal

from libs.common.events.base import JobEvent, Step


class StepProgressed(JobEvent, frozen=True, kw_only=True):
    """A step is under way, or waits until `next_try_at`."""

    topic: ClassVar[str] = "step.progressed"
    type: ClassVar[str] = "trackimmo.step.progressed.v1"

    step: Step
    state: Literal["running", "waiting"]
    done: int = 0
    total: int = 0
    note: str = ""
    next_try_at: datetime | None = None


class StepFailed(JobEvent, frozen=True, kw_only=True):
    """A step has failed; the job's ladder decides what follows unless it is permanent."""

    topic: ClassVar[str] = "step.failed"
    type: ClassVar[str] = "trackimmo.step.failed.v1"

    step: Step
    permanent: bool
    reason: str
