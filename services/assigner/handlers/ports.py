"""What the handlers of positions need: awaited runs, remembered doors, somebody to ask."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.errors import TransientError
from libs.common.events import PropertiesAssigned
from libs.common.outbox import Emit
from services.assigner.domain.position import Answer, Home, Position, Question

Told = tuple[PropertiesAssigned, Received[Any]]
"""What is to be said, and what caused it."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose positions are awaited; `claims` counts the tries to ask for them."""

    job_id: UUID
    run: int
    client_id: UUID
    claims: int
    seconds_left: float


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A home that is not settled yet, and what is remembered of its door."""

    home: Home
    asked: bool
    """Whether the geocoder was asked: then `found` is what it said, or nothing believable."""
    found: Position | None


class Positions(Protocol):
    """Awaited runs, unsettled homes and remembered doors, in one transaction."""

    async def unsettled(self, job_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of these jobs that have homes without a printed address."""
        ...

    async def wait(self, told: Sequence[Told]) -> None:
        """Let these wait for the positions of their homes."""
        ...

    async def claim(
        self, *, jobs: int, homes: int, least_seconds: float, lease_seconds: float
    ) -> Sequence[Claimed]:
        """Runs that nobody asks for, with at least so much time left, ours for the lease."""
        ...

    async def late(self, *, jobs: int, seconds: float) -> Sequence[Claimed]:
        """Runs that have no more time left than that, whoever asks for them."""
        ...

    async def give_back(self, claimed: Sequence[Claimed], *, after_seconds: float) -> None:
        """Let them be claimed again, after a while."""
        ...

    async def homes(self, job_ids: Sequence[UUID]) -> Sequence[Known]:
        """The unsettled homes of these jobs."""
        ...

    async def release(self, claimed: Sequence[Claimed]) -> Sequence[Told]:
        """What is now to be said of these runs; nothing of those that somebody has released.

        Nor of those whose clients somebody else keeps at the moment.
        """
        ...

    async def settle(self, homes: Sequence[tuple[Home, str, Position | None]]) -> None:
        """Keep for good how a delivered home is printed, and where it stands if that was found."""
        ...

    async def remember(self, said: Sequence[tuple[Home, Position | None]]) -> None:
        """Keep what the geocoder has said about doors."""
        ...


class Books(msgspec.Struct, frozen=True):
    """Our tables in an open transaction, and what is written at its end."""

    positions: Positions
    emit: Emit


OpenBooks = Callable[[], AbstractAsyncContextManager[Books]]


class Geocoder(Protocol):
    """Whoever knows where doors are."""

    async def ask(self, questions: Sequence[Question], *, seconds: float) -> list[Answer | None]:
        """An answer to each question, in their order, or a `GeocoderError`."""
        ...


class GeocoderError(TransientError):
    """The geocoder has not answered; `again_in`: the seconds after which a try is worth it."""

    def __init__(self, reason: str, *, again_in: float | None = None) -> None:
        super().__init__(reason)
        self.again_in = again_in
