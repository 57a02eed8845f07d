"""The page as a whole: what was run, what was violated, how long recovery took."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench import machine
from tests.faults import memory, results
from tests.faults.memory import Memory
from tests.faults.mutants import MUTANTS, Mutant
from tests.faults.report import special
from tests.faults.report.figures import (
    KILL,
    NOTHING,
    by_scenario,
    kills,
    middle,
    percentile,
    recoveries,
    rows,
    seconds,
    violations,
    worst,
)
from tests.faults.report.words import AGAIN, DEFINITIONS, NOT_SHOWN, TITLE
from tests.faults.results import FOLDER, Result, Verdict
from tests.faults.scenario import Scenario

PAGE: Final = Path(__file__).resolve().parents[3] / "docs" / "reliability-report.md"
SHOWN: Final = ("processor", "cores", "memory", "kernel", "Python")
ELSEWHERE: Final = {1: "the kill points", 33: "`kill notifier.after-250`", 38: "the soak"}
"""Numbers of the programme that no scenario's name bears."""
LAST_NUMBER: Final = 38
BROKEN: Final = re.compile(r"^Broken \(\d+\): ")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that was kept, and the programme that it is held against."""

    full: Sequence[Result] = ()
    mutants: Sequence[Result] = ()
    soak: Sequence[Result] = ()
    memories: Sequence[Memory] = ()
    scenarios: Mapping[str, Scenario]
    known_mutants: Mapping[str, Mutant]
    machine: Mapping[str, str]


def write(folder: Path = FOLDER, page: Path = PAGE) -> None:
    """Make the page from the runs in a folder."""
    from tests.faults.scenarios import SCENARIOS  # noqa: PLC0415 - scenarios may ask for reports

    described = machine.described(folder)
    evidence = Evidence(
        full=results.kept("full", folder),
        mutants=results.kept("mutants", folder),
        soak=results.kept("soak", folder),
        memories=memory.kept(folder),
        scenarios=SCENARIOS,
        known_mutants=MUTANTS,
        machine={name: described[name] for name in SHOWN},
    )
    page.write_text(render(evidence))


def render(evidence: Evidence) -> str:
    """The page as text."""
    if not evidence.full:
        raise ValueError("No runs are kept: make faults-full keeps them")
    newest = {(each.scenario, each.seed): each.commit for each in evidence.full}
    counts = [
        each
        for each in evidence.full
        if each.scenario in evidence.scenarios and each.commit == newest[each.scenario, each.seed]
    ]
    parts = [
        TITLE,
        *_summary(counts, evidence.machine),
        DEFINITIONS,
        *_invariants(counts),
        *_violations(counts),
        *_mended([each for each in evidence.full if each not in counts]),
        *_kill_points(counts),
        *_scenarios(counts, evidence.scenarios),
        *special.poison(counts),
        *special.rolling(counts),
        *special.mutants(evidence.mutants, evidence.known_mutants),
        *special.soak(evidence.soak, evidence.memories),
        "## Run it again\n",
        AGAIN,
        *_not_shown(counts, evidence.scenarios),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _commits(counts: Sequence[Result]) -> str:
    """A fault that was found and mended is run again, and so is what it touched; not all the rest."""
    runs = Counter(each.commit for each in counts)
    return ", ".join(f"`{commit}` ({number:,})" for commit, number in runs.items())


def _summary(counts: Sequence[Result], described: Mapping[str, str]) -> Iterator[str]:
    killed, days = kills(counts), sorted(each.at.date() for each in counts)
    rest = [each for each in counts if each not in killed]
    seeds = sorted({each.seed for each in killed})
    found = recoveries(killed)
    p95 = seconds(percentile(found, 0.95)) if found else NOTHING
    yield "## In short\n"
    yield from rows(
        ("", ""),
        (
            ("commits (runs)", _commits(counts)),
            ("machine", ", ".join(f"{name} {said}" for name, said in described.items())),
            ("days", " to ".join(sorted({str(days[0]), str(days[-1])}))),
            ("runs", f"{len(counts):,} of {len(by_scenario(counts))} scenarios"),
            ("seeds at the kill points", ", ".join(map(str, seeds)) or NOTHING),
            ("processes killed (`kill -9`)", f"{sum(each.kills for each in counts):,}"),
            ("processes that gave up by themselves", f"{sum(each.crashes for each in counts):,}"),
            ("jobs accepted, mails taken", f"{sum(each.jobs for each in counts):,}, {sum(each.mails for each in counts):,}"),
            ("**violations**", f"**{violations(counts):,}**"),
            ("recovery after a kill (asked: median ≤ 20 s, worst ≤ 60 s)", f"median {middle(killed)}, p95 {p95}, worst {worst(killed)}"),
            ("recovery after every other fault", f"median {middle(rest)}, worst {worst(rest)}"),
            ("duplicates suppressed", f"{sum(each.duplicates for each in counts):,}"),
        ),
    )  # fmt: skip
    yield ""


def _invariants(counts: Sequence[Result]) -> Iterator[str]:
    """In the oracle's own words."""
    judged = [verdict for each in counts for verdict in each.verdicts]
    says = {verdict.invariant: BROKEN.sub("", verdict.says) for verdict in judged}
    says["scenario"] = "What the scenario promises besides."
    yield "## What is judged\n"
    yield from rows(
        ("invariant", "what must hold when all is quiet", "runs judged", "violations"),
        (
            (name, says[name], f"{len(counts):,}", str(_against(judged, name)))
            for name in sorted(says)
        ),
    )
    yield ""


def _against(judged: Sequence[Verdict], invariant: str) -> int:
    return sum(each.invariant == invariant and not each.holds for each in judged)


def _violations(counts: Sequence[Result]) -> Iterator[str]:
    yield "## Violations\n"
    broken = [(each, verdict) for each in counts for verdict in each.broken]
    for each, verdict in broken:
        yield f"- `{each.scenario}`, seed {each.seed}: {verdict.invariant}: {verdict.says}"
        yield from (f"  - `{line}`" for line in verdict.found)
    yield "" if broken else "None.\n"


def _mended(superseded: Sequence[Result]) -> Iterator[str]:
    """What was violated at an earlier commit, and is not any more."""
    broken = [each for each in superseded if each.broken]
    if not broken:
        return
    yield "## Violations of earlier runs\n"
    yield "Of the same scenarios and seeds, at the commits named: in the system, the rig or the oracle, and mended since.\n"
    for each in broken:
        what = ", ".join(dict.fromkeys(verdict.invariant for verdict in each.broken))
        yield f"- `{each.scenario}`, seed {each.seed}, `{each.commit}`: {what}: {each.broken[0].says}"
    yield ""


def _kill_points(counts: Sequence[Result]) -> Iterator[str]:
    """Recovery in seconds, a row for each point, a column for each seed."""
    yield "## Kill points\n"
    points = by_scenario(kills(counts))
    if not points:
        yield "Not run.\n"
        return
    seeds = sorted({each.seed for runs in points.values() for each in runs})
    yield "Seconds from `kill -9` to rest, for each seed.\n"
    yield from rows(
        ("killed at", *(f"seed {seed}" for seed in seeds), "median", "worst"),
        (
            (name.removeprefix(KILL), *(_cell(runs, seed) for seed in seeds), middle(runs), worst(runs))
            for name, runs in points.items()
        ),
    )  # fmt: skip
    yield ""


def _cell(runs: Sequence[Result], seed: int) -> str:
    of_seed = [each for each in runs if each.seed == seed]
    said = [
        "**violated**" if each.broken else f"{each.recovery_seconds or 0:.1f}" for each in of_seed
    ]
    return ", ".join(said) or NOTHING


def _scenarios(counts: Sequence[Result], known: Mapping[str, Scenario]) -> Iterator[str]:
    killed = kills(counts)
    others = by_scenario(each for each in counts if each not in killed)
    yield "## Scenarios\n"
    yield from rows(
        ("scenario", "what happens", "runs", "violations", "median", "worst", "kills", "duplicates", "notes"),
        (
            (
                name,
                known[name].says if name in known else "no longer in the programme",
                str(len(runs)),
                str(violations(runs)),
                middle(runs),
                worst(runs),
                str(sum(each.kills for each in runs)),
                str(sum(each.duplicates for each in runs)),
                _notes(runs),
            )
            for name, runs in others.items()
        ),
    )  # fmt: skip
    yield ""


def _notes(runs: Sequence[Result]) -> str:
    if runs[0].scenario == special.POISON:
        return "below"
    return "; ".join(dict.fromkeys(note for each in runs for note in each.notes))


def _not_shown(counts: Sequence[Result], known: Mapping[str, Scenario]) -> Iterator[str]:
    """What somebody might believe to stand here, and does not."""
    yield "## What this does not show\n"
    missing = sorted(set(known) - {each.scenario for each in counts})
    if missing:
        yield f"- **Not run**: {', '.join(missing)}."
    numbers = {int(n) for name in known for n in re.findall(r"^F(\d+)", name)} | set(ELSEWHERE)
    absent = [f"F{n}" for n in range(1, LAST_NUMBER + 1) if n not in numbers]
    if absent:
        yield f"- **Of the programme F1 to F{LAST_NUMBER} there is no scenario for** {', '.join(absent)}."
    yield NOT_SHOWN
