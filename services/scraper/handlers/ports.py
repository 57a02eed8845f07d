"""What the handlers need from the outside; adapters fit these shapes, `main` joins them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.errors import PermanentError, TransientError
from libs.common.events import ClientProcess
from libs.common.outbox import Emit
from services.scraper.domain import CityState, Source, Window
from services.scraper.sales import Reading

AttemptState = Literal["loaded", "unchanged", "no_sale", "not_covered", "broken", "hollow", "down"]
YearState = Literal["read", "no_sale", "not_covered", "failed"]
LinesByCommune = Mapping[str, int]
"""Of how many lines of a file each commune's sales consist; who has none is not named."""
OnYear = Callable[[int], Awaitable[None]]
"""Told after each year how many have been loaded."""


class MissingFileError(Exception):
    """The publisher answers, but has no such file."""


class SourceDownError(TransientError):
    """The publisher does not answer, or says that it cannot now."""


class BrokenFileError(PermanentError):
    """The publisher's answer is no sales file; `code` names why, the text is a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code: str = code


class LeaseLostError(Exception):
    """Another worker has taken the refresh over: nothing of ours may be written."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file on disk: as it was downloaded and archived, or a department's part of it."""

    path: Path
    sha256: str
    size_bytes: int


class KnownYear(msgspec.Struct, frozen=True, kw_only=True):
    """A year of a city that is in stock: its file, and how many lines that had."""

    file_sha256: str | None
    lines: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a city, or of a whole department, to read its files."""

    insee_code: str
    """Of a commune, or of a department."""
    communes: tuple[str, ...]
    """Whose sales are wanted: the commune itself, or all of the department."""
    moved: Mapping[str, str]
    """From their former codes to today's."""
    neighbours: tuple[str, ...]
    """Large communes of the same department, by which a publisher's years can be told."""
    known: Mapping[int, KnownYear]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh that is ours as long as its fence stands."""

    id: UUID
    fence: int
    insee_code: str
    first_year: int
    """From it to this year all are wanted; 0: from the first that a job of today looks at."""
    years: tuple[int, ...] = ()
    """Wanted besides."""
    today: date


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh that is ours is asked for by now."""

    first_year: int
    years: tuple[int, ...]

    def goes_beyond(self, claim: Claim) -> bool:
        """Whether somebody who joined after the claim wants more."""
        return self.first_year < claim.first_year or not set(self.years) <= set(claim.years)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of asking one publisher for one year of a city."""

    year: int
    source: Source
    url: str
    edition: str
    state: AttemptState
    error: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    path: Path | None = None
    lines: int | None = None
    """Of the place's own communes."""
    reading: Reading | None = None
    """Of a commune's file. A department's is read again from `path`, so that years do not add up."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is now known of a year; `attempt` is the one that served it."""

    state: YearState
    error: str | None = None
    attempt: Attempt | None = None


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """A city's years. `error` names what failed, in one sentence or several."""

    attempts: tuple[Attempt, ...] = ()
    years: Mapping[int, Verdict] = {}
    error: str | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen city: the codes under which its sales are filed, or why there are none."""

    codes: tuple[str, ...]
    refusal: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A job's request in the terms of the stock."""

    received: Received[ClientProcess]
    window: Window
    cities: tuple[str, ...]
    refusals: Mapping[str, str] = {}

    @property
    def event(self) -> ClientProcess:
        return self.received.event

    @property
    def asked(self) -> list[tuple[str, Window]]:
        return [(city, self.window) for city in self.cities]


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A job for which one city less is to wait for."""

    received: Received[ClientProcess]
    remaining: int
    total: int


class YearProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A year that no source has."""

    insee_code: str
    year: int


Asked = tuple[str, Window]


class Cities(Protocol):
    async def targets(self, insee_codes: Sequence[str]) -> Mapping[str, Target]: ...
    async def states(
        self, asked: Sequence[Asked], *, count_to: int
    ) -> Mapping[Asked, CityState]: ...
    async def problems(self, insee_codes: Sequence[str]) -> Sequence[YearProblem]: ...
    async def place(self, insee_code: str) -> Place: ...
    async def settle(
        self,
        claim: Claim,
        place: Place,
        gathered: Gathered,
        lines: Mapping[int, LinesByCommune],
    ) -> None: ...


class Jobs(Protocol):
    async def newest_runs(self, job_ids: Sequence[UUID]) -> Mapping[UUID, int]: ...
    async def wait(self, waiting: Sequence[tuple[Wanted, Sequence[str]]]) -> None: ...
    async def release(self, insee_code: str) -> Sequence[Released]: ...


class Refreshes(Protocol):
    async def open(self, first_years: Mapping[str, int]) -> None: ...
    async def claim(self, *, imports: bool = True) -> Claim | None: ...
    async def is_ours(self, claim: Claim) -> bool: ...
    async def renew(self, claim: Claim) -> bool: ...
    async def progress(self, claim: Claim, done: int, total: int) -> bool: ...
    async def hold(self, claim: Claim) -> Held | None: ...
    async def requeue(self, claim: Claim) -> None: ...
    async def record(self, claim: Claim, attempts: Sequence[Attempt]) -> None: ...
    async def close(self, claim: Claim, error: str | None) -> None: ...


class Stock(Protocol):
    async def reserve(self, insee_code: str) -> None: ...
    async def load(
        self, place: Place, gathered: Gathered, on_year: OnYear
    ) -> Mapping[int, LinesByCommune]: ...
    async def of_jobs(self, wanted: Sequence[Wanted]) -> Mapping[UUID, int]: ...


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of ours in the database, within one transaction."""

    cities: Cities
    jobs: Jobs
    refreshes: Refreshes
    stock: Stock
    emit: Emit


OpenBooks = Callable[[], AbstractAsyncContextManager[Books]]


class Files(Protocol):
    async def fetch(self, source: Source, place: Place, year: int, *, patient: bool) -> Fetched: ...
    async def has_year(self, source: Source, place: Place, year: int) -> bool: ...
    async def distrust(self, url: str, code: str, sentence: str) -> None: ...
