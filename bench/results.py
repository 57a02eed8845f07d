"""What a run of `python -m bench` found, as a file."""

from pathlib import Path

import msgspec

from bench.measure import Measure


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """One area: what it measured, or what kept it from measuring."""

    name: str
    seconds: float
    measures: tuple[Measure, ...] = ()
    problem: str = ""


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All areas of one run."""

    machine: dict[str, str]
    commit: str
    at: str
    runs: int
    seed: int
    slow_disk: bool
    areas: tuple[Area, ...] = ()


def write(path: Path, results: Results) -> None:
    """The file complete or as it was."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    unfinished.replace(path)


def read(path: Path) -> Results:
    return msgspec.json.decode(path.read_bytes(), type=Results)
