"""A measurement as a value, and what is said about it."""

from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

OURS = "trackimmo"


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing measured, once a run; a peer's has the same `what` and another `variant`."""

    what: str
    """The row of the table: `relay, backlog of 100,000`."""
    variant: str = OURS
    unit: str
    values: tuple[float, ...]
    """One for each run."""
    least: float | None = None
    """What is asked at least (at most, where lower is better)."""
    aim: float | None = None
    least_ratio: float | None = None
    """How many times better than each peer of the same row it must be at least."""
    lower_is_better: bool = False
    note: str = ""
    """Sizes, and what else a reader must know to believe it."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measure as it is shown: with what it reaches and how it compares."""

    measure: Measure
    ratios: dict[str, tuple[float, ...]]
    """How many times better than each peer, run by run."""

    @property
    def met(self) -> bool | None:
        """Whether the median reaches what is asked at least; None where nothing is asked."""
        measure = self.measure
        answers: list[bool] = []
        if measure.least is not None:
            answers.append(reaches(measure, measure.least))
        if measure.least_ratio is not None:
            wanted = measure.least_ratio
            answers += [median(values) >= wanted for values in self.ratios.values()]
            answers += [False] * (not self.ratios)
        return all(answers) if answers else None

    @property
    def aim_met(self) -> bool | None:
        """Whether the median reaches the aim; None where there is none."""
        measure = self.measure
        return None if measure.aim is None else reaches(measure, measure.aim)


def reaches(measure: Measure, wanted: float) -> bool:
    """Whether the median is as good as this."""
    middle = median(measure.values)
    return middle <= wanted if measure.lower_is_better else middle >= wanted


def rows(measures: Sequence[Measure]) -> list[Row]:
    """Each measure, ours with its ratios to the peers of the same `what`."""
    return [
        Row(measure=measure, ratios=_ratios(measure, measures) if measure.variant == OURS else {})
        for measure in measures
    ]


def _ratios(ours: Measure, measures: Iterable[Measure]) -> dict[str, tuple[float, ...]]:
    peers = [m for m in measures if m.what == ours.what and m.variant != OURS]
    return {peer.variant: better_by(ours, peer) for peer in peers}


def better_by(ours: Measure, peer: Measure) -> tuple[float, ...]:
    """How many times better each run of ours was than the same run of the peer."""
    if len(ours.values) == len(peer.values):
        pairs = list(zip(ours.values, peer.values, strict=True))
    else:
        pairs = [(median(ours.values), median(peer.values))]
    if ours.lower_is_better:
        return tuple(theirs / mine for mine, theirs in pairs)
    return tuple(mine / theirs for mine, theirs in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(0, min(len(ordered) - 1, -(-len(ordered) * share // 1) - 1))
    return ordered[int(rank)]
