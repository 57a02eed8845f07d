"""Facts that the gateway publishes."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from libs.common.events.base import Event, JobEvent, Step


class ClientProcess(JobEvent, frozen=True, kw_only=True):
    """A run of a job has begun: `count` homes in these cities and kinds are wanted.

    `as_of`, `count` and `seed` are fixed when the job is accepted, cities and kinds are read anew
    for each run. `refresh` is false where the job lives on what is in stock.
    """

    topic: ClassVar[str] = "client.process"
    type: ClassVar[str] = "trackimmo.client.process.v1"

    count: int
    cities: tuple[str, ...]
    kinds: tuple[str, ...]
    as_of: date
    seed: int
    refresh: bool = True


class ClientRegistered(Event, frozen=True, kw_only=True):
    """A client has become active for the first time."""

    topic: ClassVar[str] = "client.registered"
    type: ClassVar[str] = "trackimmo.client.registered.v1"

    client_id: UUID

    @property
    def key(self) -> str:
        return str(self.client_id)


class ClientErased(Event, frozen=True, kw_only=True):
    """A client is gone; whoever holds something personal of theirs forgets it."""

    topic: ClassVar[str] = "client.erased"
    type: ClassVar[str] = "trackimmo.client.erased.v1"

    client_id: UUID

    @property
    def key(self) -> str:
        return str(self.client_id)


class JobFailed(JobEvent, frozen=True, kw_only=True):
    """A job has failed for good; a person has to look."""

    topic: ClassVar[str] = "job.failed"
    type: ClassVar[str] = "trackimmo.job.failed.v1"

    attempts: int
    step: Step
    reason: str
