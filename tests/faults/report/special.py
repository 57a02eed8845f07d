"""The parts of the page about what the ordinary table of scenarios cannot tell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.faults.memory import NOISE, TOLERATED_MB_PER_HOUR, Memory
from tests.faults.mutants import Mutant
from tests.faults.report.figures import NOTHING, counted, rows, violations
from tests.faults.results import Result

FIGURE: Final = re.compile(r"^(.+): dead after ([\d.]+) s, the next after ([\d.]+) s$")
POISON, ROLLING, SOAK = "F19", "F3", "F38"


def poison(results: Sequence[Result]) -> Iterator[str]:
    """How fast each form was put aside, the slowest consumer of the slowest run."""
    yield "## Poison\n"
    runs = [each for each in results if each.scenario == POISON]
    slowest: dict[str, tuple[float, float]] = {}
    for note in [note for each in runs for note in each.notes]:
        if found := FIGURE.match(note):
            before = slowest.get(found[1], (0.0, 0.0))
            slowest[found[1]] = max(before[0], float(found[2])), max(before[1], float(found[3]))
    if not slowest:
        yield "Not run.\n"
        return
    yield (
        "Each form is put on each topic that a consumer reads, a good event behind it. Asked: held as dead, byte for byte (I5),"
        " within 5 s; the good event handled within 1 s.\n"
    )
    yield from rows(
        ("form", "held as dead after", "next good event after"),
        ((form, f"{dead:.2f} s", f"{then:.2f} s") for form, (dead, then) in slowest.items()),
    )
    yield f"\n{counted(len(runs), 'run')}, {counted(violations(runs), 'violation')}.\n"


def rolling(results: Sequence[Result]) -> Iterator[str]:
    """What came of restarting all five under load."""
    yield "## Rolling restart\n"
    runs = [each for each in results if each.scenario == ROLLING]
    if not runs:
        yield "Not run.\n"
        return
    yield "All five services are asked to stop (SIGTERM) and started again, one after the other, twice, under load.\n"
    lost = {seed: _broken(each, "I1", "I3") for seed, each in _by_seed(runs)}
    twice = {seed: _broken(each, "I2", "I4", "I6") for seed, each in _by_seed(runs)}
    yield from rows(
        ("seed", "jobs", "mails", "lost (I1, I3)", "double (I2, I4, I6)", "duplicates suppressed", "gave up"),
        (
            (str(seed), str(each.jobs), str(each.mails), lost[seed], twice[seed], str(each.duplicates), str(each.crashes))
            for seed, each in _by_seed(runs)
        ),
    )  # fmt: skip
    yield ""


def _by_seed(runs: Sequence[Result]) -> list[tuple[int, Result]]:
    return [(each.seed, each) for each in runs]


def _broken(result: Result, *invariants: str) -> str:
    """0, or what the oracle says."""
    says = [verdict.says for verdict in result.broken if verdict.invariant in invariants]
    return "; ".join(says) or "0"


def mutants(results: Sequence[Result], known: Mapping[str, Mutant]) -> Iterator[str]:
    """Each safeguard that was taken out, and what told of it."""
    yield "## Mutants\n"
    runs = {name: [each for each in results if each.mutant == name] for name in known}
    harmful = {name for name, mutant in known.items() if mutant.caught_by}
    caught = sum(not _red(runs[name]).isdisjoint(known[name].caught_by) for name in harmful)
    yield (
        "A mutant is the system with one safeguard taken out. A run of it must turn the oracle red, or the oracle is blind to that"
        f" loss. {caught} of {len(harmful)} were caught.\n"
    )
    yield from rows(
        ("mutant", "what is taken out", "run", "caught by"),
        (
            (name, known[name].says, known[name].scenario, _caught(runs[name], known[name]))
            for name in known
            if name in harmful
        ),
    )
    harmless = [known[name] for name in known if name not in harmful]
    if harmless:
        yield "\nWithout these the system keeps its promises all the same, and the runs must stay green:\n"
        for mutant in harmless:
            said = _unharmed(runs[mutant.name])
            yield f"- **{mutant.name}** ({said}): {mutant.says}. {mutant.because}"
    yield ""


def _red(runs: Sequence[Result]) -> set[str]:
    """The invariants that told of it."""
    return {verdict.invariant for each in runs for verdict in each.broken}


def _caught(runs: Sequence[Result], mutant: Mutant) -> str:
    if not runs:
        return "**not run**"
    red = _red(runs)
    if not red:
        return f"**not caught** in {counted(len(runs), 'run')}"
    told = ", ".join(sorted(red))
    if red.isdisjoint(mutant.caught_by):
        return f"**not as expected**: {told}, not {' or '.join(mutant.caught_by)}"
    return told


def _unharmed(runs: Sequence[Result]) -> str:
    if not runs:
        return "not run"
    broken = violations(runs)
    return f"**{counted(broken, 'violation')}**" if broken else "0 violations"


def soak(results: Sequence[Result], memories: Sequence[Memory]) -> Iterator[str]:
    """What each process held over many minutes of mixed faults."""
    yield "## Soak\n"
    if not results:
        yield "Not run.\n"
        return
    last = results[-1]
    yield (
        f"Commit `{last.commit}`, seed {last.seed}: {last.seconds / 60:.0f} minutes of load and mixed faults (kills in the"
        f" beginning; {', '.join(last.notes)}): {counted(last.jobs, 'job')}, {counted(last.mails, 'mail')},"
        f" {counted(last.kills, 'kill')}, {counted(last.duplicates, 'duplicate')} suppressed,"
        f" **{counted(len(last.broken), 'violation')}**.\n"
    )
    seen = [each for each in memories if (each.seed, each.commit) == (last.seed, last.commit)]
    newest = [each for each in seen if each.at == seen[-1].at]
    yield from rows(
        ("process", "watched", "first", "last", "most", "slope", "flat"),
        (_grown(each) for each in sorted(newest, key=lambda each: each.service)),
    )
    yield (
        "\nResident memory, shared pages included, every 5 s after a warm-up. The slope is that of least squares, ± its standard"
        " error, widened by how much each sample resembles the one before. Flat: it grows by no more than"
        f" {NOISE:g} such errors, or by no more than {TOLERATED_MB_PER_HOUR:g} MB/h (1 MB in ten minutes).\n"
    )


def _grown(seen: Memory) -> tuple[str, ...]:
    trend = seen.trend
    sizes = (f"{size:.1f} MB" for size in (seen.first_mb, seen.last_mb, seen.most_mb))
    slope = f"{trend.slope_mb_per_hour:+.1f} ± {trend.noise_mb_per_hour:.1f} MB/h"
    watched = f"{seen.minutes:.1f} min" if seen.minutes else NOTHING
    return (seen.service, watched, *sizes, slope, "yes" if trend.is_flat else "**no**")
