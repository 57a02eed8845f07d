"""The answers of the FastAPI peer, read from what our own code computes."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An answer, read from what our own code computes."""

    model_config = ConfigDict(from_attributes=True)


class StepProgress(Model):
    """One step of the present run."""

    state: str
    done: int | None
    total: int | None
    seconds: float | None
    note: str
    next_try_at: datetime | None


class Attempt(Model):
    """A run."""

    run: int
    ladder: int
    attempt: int
    began_at: datetime | None
    ended_at: datetime | None
    status: str
    step: str
    reason: str | None


class Progress(Model):
    """The present run, and all runs so far."""

    step: str
    steps: dict[str, StepProgress]
    attempt: int
    next_attempt_at: datetime | None
    attempts: list[Attempt]


class JobStatus(Model):
    """How a job is."""

    job_id: UUID
    client_id: UUID
    kind: str
    status: str
    properties_assigned: int | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    progress: Progress
