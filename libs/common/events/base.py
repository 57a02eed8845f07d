"""What every event has."""

from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

JobKind = Literal["scheduled", "process", "add", "test"]
Step = Literal["scrape", "assign", "mail"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact: immutable, in the past tense, evolving by addition only.

    Unknown fields are ignored when reading, new fields carry a default, so old and new code
    read each other. Anything else is a new class with the next version.
    """

    topic: ClassVar[str] = ""
    type: ClassVar[str] = ""
    """CloudEvents `type`: the topic with our prefix and the version."""

    @property
    def key(self) -> str:
        """The entity whose order helps."""
        return ""


class JobEvent(Event, frozen=True, kw_only=True):
    """A fact about one run of a job, keyed by its client.

    `run` counts the runs of the job's whole life; `ladder` is one more for each operator's retry.
    """

    job_id: UUID
    client_id: UUID
    kind: JobKind
    run: int
    ladder: int

    @property
    def key(self) -> str:
        return str(self.client_id)

    def run_fields(self) -> dict[str, Any]:
        """What the other events of this run carry too."""
        return {name: getattr(self, name) for name in JobEvent.__struct_fields__}
