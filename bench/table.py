"""Measures as people read them."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from bench.measure import Measure, Row

HEADINGS: Final = (
    *("what", "variant", "median [min-max]", "unit"),
    *("least", "aim", "ratio", "met", "aim met"),
)
THOUSANDS_FROM: Final = 1000
WHOLE_FROM: Final = 100
TENTHS_FROM: Final = 10
ANSWERS: Final = {True: "yes", False: "no", None: ""}


def number(value: float) -> str:
    """Three figures or so: 0.123, 1.23, 12.3, 123, 12,345."""
    size = abs(value)
    if size >= THOUSANDS_FROM:
        return f"{value:,.0f}"
    digits = 0 if size >= WHOLE_FROM else 1 if size >= TENTHS_FROM else 2
    return f"{value:.{digits}f}" if size >= 1 or not value else f"{value:.3g}"


def spread(values: Sequence[float]) -> str:
    """The median, and the least and greatest of several runs."""
    middle = number(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} [{number(min(values))}-{number(max(values))}]"


def asked(measure: Measure, value: float | None) -> str:
    """A limit with its direction."""
    if value is None:
        return ""
    return f"{'≤' if measure.lower_is_better else '≥'} {number(value)}"


def cells(row: Row) -> tuple[str, ...]:
    """One row as text, a cell for each heading."""
    measure = row.measure
    least = asked(measure, measure.least)
    if measure.least_ratio is not None:
        least += f"{', ' if least else ''}{number(measure.least_ratio)} × the peer"
    return (
        measure.what,
        measure.variant,
        spread(measure.values),
        measure.unit,
        least,
        asked(measure, measure.aim),
        "; ".join(f"{spread(values)} × {peer}" for peer, values in row.ratios.items()),
        ANSWERS[row.met],
        ANSWERS[row.aim_met],
    )


def text(rows: Sequence[Row]) -> str:
    """A table for a terminal."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown(rows: Sequence[Row]) -> str:
    """A table for a page, with the notes of its rows below."""
    head = ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    body = ["| " + " | ".join(cells(row)) + " |" for row in rows]
    notes = dict.fromkeys(
        f"- {row.measure.what}, {row.measure.variant}: {row.measure.note}"
        for row in rows
        if row.measure.note
    )
    return "\n".join([*head, *body, *([""] if notes else []), *notes])
