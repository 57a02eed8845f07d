"""When a year is too thin to be believed: a publisher's gap is not a quiet market."""

from collections.abc import Iterable, Mapping
from datetime import date
from statistics import median
from typing import Final

_BELIEVABLE_SHARE: Final = 0.6
_ENOUGH_LINES: Final = 500
_AUTUMN_DELIVERY: Final = 10
_YEAR_AND_MONTH: Final = len("202404")


def is_hollow(lines: int, others: Iterable[int]) -> bool:
    """Whether a year has under 60 % of the median lines of a place's other years.

    Where that median is under 500 lines, a year may be anything: small places have quiet years.
    """
    counts = list(others)
    if not counts:
        return False
    usual = median(counts)
    return usual >= _ENOUGH_LINES and lines < _BELIEVABLE_SHARE * usual


def hollow_years(lines: Mapping[int, int], *, incomplete_from: int) -> dict[int, float]:
    """The hollow years of one place in one source, each with the median that it fails to reach."""
    hollow: dict[int, float] = {}
    for year, count in lines.items():
        others = [other for another, other in lines.items() if another != year]
        if year < incomplete_from and is_hollow(count, others):
            hollow[year] = median(others)
    return hollow


def first_incomplete_year(edition: str, today: date) -> int:
    """The year from which on this vintage may lack sales: that of its last half-year.

    Deliveries come in April (acts to December) and October (acts to June). A vintage is named by
    the end of what it holds (`2025-12`) or by its delivery (`202304`); an unnamed one is taken
    for the newest that can be out.
    """
    return min(_last_year_of(edition, today), today.year)


def _last_year_of(edition: str, today: date) -> int:
    if "-" in edition:
        return int(edition[:4])
    if len(edition) == _YEAR_AND_MONTH and edition.isdigit():
        return int(edition[:4]) - (int(edition[4:]) < _AUTUMN_DELIVERY)
    # Publication follows delivery by up to a month: in October the spring's may still be the newest.
    return today.year - (today.month <= _AUTUMN_DELIVERY)
