"""Runs as numbers, and numbers as people read them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

from tests.faults.results import Result

KILL: Final = "kill "
NOTHING: Final = "–"


def rows(headings: Sequence[str], cells: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table, a line each."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in cells:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"


def kills(results: Iterable[Result]) -> list[Result]:
    """The runs of kill points."""
    return [each for each in results if each.scenario.startswith(KILL)]


def by_scenario(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Runs of each scenario, in the order of the programme's numbers."""
    found: dict[str, list[Result]] = {}
    for each in sorted(results, key=lambda result: (_number(result.scenario), result.seed)):
        found.setdefault(each.scenario, []).append(each)
    return found


def _number(name: str) -> tuple[int, str]:
    digits = name.removeprefix("F").partition("-")[0].partition(" ")[0]
    return (int(digits) if name.startswith("F") and digits.isdigit() else 0, name)


def recoveries(results: Iterable[Result]) -> list[float]:
    """Seconds, in order; runs that never came to rest have none and are violations."""
    return sorted(each.recovery_seconds for each in results if each.recovery_seconds is not None)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that so many of them do not pass."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def middle(results: Iterable[Result]) -> str:
    """The median recovery."""
    found = recoveries(results)
    return seconds(median(found)) if found else NOTHING


def worst(results: Iterable[Result]) -> str:
    """The longest recovery."""
    found = recoveries(results)
    return seconds(found[-1]) if found else NOTHING


def seconds(value: float) -> str:
    return f"{value:.1f} s"


def violations(results: Iterable[Result]) -> int:
    """Promises that did not hold, each once a run."""
    return sum(len(each.broken) for each in results)


def counted(number: int, what: str) -> str:
    """1 run, 2 runs."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
