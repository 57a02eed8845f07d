"""What a run showed, kept as one JSON line, so that a report can be made of many."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).resolve().parents[2] / "var" / "faults"


class Violated(AssertionError):  # noqa: N818 - it is a verdict, not an error of the rig
    """What a scenario promises did not happen; the message says what."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the oracle says of one invariant; `found` is the evidence, ids only."""

    invariant: str
    holds: bool
    says: str
    found: tuple[str, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a scenario; times in seconds."""

    scenario: str
    seed: int
    commit: str
    at: datetime
    mutant: str = ""
    start_seconds: float
    """Until the services were ready."""
    recovery_seconds: float | None
    """From the kill, or from the end of the fault, until nothing accepted was left undone."""
    seconds: float
    kills: int = 0
    crashes: int = 0
    """Ends that nobody ordered: the service gave up by itself and was started again."""
    jobs: int = 0
    mails: int = 0
    duplicates: int = 0
    """Events that came again and were known already."""
    notes: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...]

    @property
    def broken(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.holds)


def keep(result: Result, name: str, folder: Path = FOLDER) -> None:
    """Add a result to those of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(result) + b"\n")


def kept(name: str, folder: Path = FOLDER) -> list[Result]:
    """The results of that name, in the order in which they came."""
    path = folder / f"{name}.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Result) for line in lines]
