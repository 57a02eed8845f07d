"""The page says what the runs showed, and what they did not."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults import memory, results
from tests.faults.memory import Memory, Trend
from tests.faults.mutants import Mutant
from tests.faults.report import render, write
from tests.faults.report.figures import percentile
from tests.faults.report.page import Evidence
from tests.faults.results import Result, Verdict
from tests.faults.scenario import Scenario

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DRAWN, CLAIMED = "kill assigner.drawn", "kill notifier.claimed"


def verdict(invariant: str, *found: str) -> Verdict:
    return Verdict(invariant=invariant, holds=not found, says="Each mail once", found=found)


def result(scenario: str, seed: int = 1, **said: Any) -> Result:
    usual: dict[str, Any] = {
        "commit": "abc1234",
        "at": AT,
        "start_seconds": 1.0,
        "recovery_seconds": 4.0,
        "seconds": 20.0,
        "jobs": 10,
        "mails": 20,
        "duplicates": 3,
        "verdicts": tuple(verdict(f"I{n}") for n in range(1, 10)),
    }
    return Result(scenario=scenario, seed=seed, **{**usual, **said})


async def nothing(_: Any) -> None:
    """A scenario's act."""


def scenario(name: str) -> Scenario:
    return Scenario(name=name, says=f"What {name} does", act=nothing)


def mutant(name: str, *caught_by: str) -> Mutant:
    return Mutant(
        name=name,
        says=f"{name} is gone",
        scenario="calm",
        caught_by=caught_by,
        because="" if caught_by else "It saves work.",
    )


def seen(service: str, slope: float) -> Memory:
    return Memory(
        seed=1, commit="abc1234", at=AT, service=service, minutes=9.0, samples=108,
        first_mb=70.0, last_mb=70.5, most_mb=72.0,
        trend=Trend(slope_mb_per_hour=slope, noise_mb_per_hour=1.5),
    )  # fmt: skip


FULL = (
    *(result(DRAWN, seed, kills=1, recovery_seconds=2.0 * seed) for seed in range(1, 6)),
    *(result(CLAIMED, seed, kills=1, recovery_seconds=30.0) for seed in range(1, 4)),
    result("F6", recovery_seconds=1.5, notes=("503 after 0.1 s",)),
    result("F3", jobs=40, mails=80, duplicates=17),
    result("F19", notes=("bad JSON: dead after 0.120 s, the next after 0.030 s", "other")),
)


def page(*more: Result, **changed: Any) -> str:
    names = (DRAWN, CLAIMED, "F3", "F6", "F19", "F29")
    usual: dict[str, Any] = {
        "full": (*FULL, *more),
        "scenarios": {name: scenario(name) for name in names},
        "known_mutants": {},
        "machine": {"cores": "2", "memory": "24 GiB"},
    }
    return render(Evidence(**{**usual, **changed}))


def line(text: str, begin: str) -> str:
    [found] = [each for each in text.splitlines() if each.startswith(begin)]
    return found


def test_the_summary_counts_runs_kills_and_what_was_suppressed():
    told = page()
    assert line(told, "| commits") == "| commits (runs) | `abc1234` (11) |"
    assert line(told, "| machine") == "| machine | cores 2, memory 24 GiB |"
    assert line(told, "| days") == "| days | 2026-11-22 |"
    assert line(told, "| runs") == "| runs | 11 of 5 scenarios |"
    assert line(told, "| seeds") == "| seeds at the kill points | 1, 2, 3, 4, 5 |"
    assert line(told, "| processes killed").endswith("| 8 |")
    assert line(told, "| jobs accepted").endswith("| 140, 280 |")
    assert line(told, "| duplicates suppressed") == "| duplicates suppressed | 47 |"
    assert line(told, "| **violations**") == "| **violations** | **0** |"


def test_recovery_after_kills_is_apart_from_other_faults():
    told = page()
    assert line(told, "| recovery after a kill").endswith(
        "| median 9.0 s, p95 30.0 s, worst 30.0 s |"
    )
    assert line(told, "| recovery after every other").endswith("| median 4.0 s, worst 4.0 s |")
    assert "**Recovery** is the time from the kill" in told


def test_a_kill_point_has_a_column_for_each_seed():
    told = page()
    assert line(told, "| killed at") == (
        "| killed at | seed 1 | seed 2 | seed 3 | seed 4 | seed 5 | median | worst |"
    )
    assert line(told, "| assigner.drawn") == (
        "| assigner.drawn | 2.0 | 4.0 | 6.0 | 8.0 | 10.0 | 6.0 s | 10.0 s |"
    )
    assert line(told, "| notifier.claimed") == (
        "| notifier.claimed | 30.0 | 30.0 | 30.0 | – | – | 30.0 s | 30.0 s |"
    )


def test_a_violation_is_counted_named_and_shown_with_its_evidence():
    bad = (verdict("I1"), verdict("I2", "mail 0199 twice"))
    told = page(result(DRAWN, 6, kills=1, recovery_seconds=None, verdicts=bad))
    assert line(told, "| **violations**") == "| **violations** | **1** |"
    assert "- `kill assigner.drawn`, seed 6: I2: Each mail once\n  - `mail 0199 twice`" in told
    assert "| 10.0 | **violated** | 6.0 s | 10.0 s |" in line(told, "| assigner.drawn")
    assert line(told, "| I2").endswith("| 12 | 1 |")


def test_without_violations_none_are_claimed():
    assert "## Violations\n\nNone." in page()


def test_scenarios_stand_in_the_order_of_their_numbers_with_their_notes():
    told = page()
    begins = [told.index(f"| {name} |") for name in ("F3", "F6", "F19")]
    assert begins == sorted(begins)
    assert line(told, "| F6") == (
        "| F6 | What F6 does | 1 | 0 | 1.5 s | 1.5 s | 0 | 3 | 503 after 0.1 s |"
    )


def test_poison_shows_the_slowest_of_each_form():
    slower = result("F19", 2, notes=("bad JSON: dead after 0.300 s, the next after 0.010 s",))
    assert "| bad JSON | 0.30 s | 0.03 s |" in page(slower)


def test_a_rolling_restart_says_what_was_lost_and_doubled():
    assert "| 1 | 40 | 80 | 0 | 0 | 17 | 0 |" in page()
    bad = page(result("F3", 2, verdicts=(verdict("I2", "twice"),)))
    assert "| 2 | 10 | 20 | 0 | Each mail once | 3 | 0 |" in bad


def test_a_mutant_is_caught_by_what_was_red_or_said_to_be_missed():
    caught_by = {"a": ("I2",), "b": ("I2",), "c": ("I4",), "d": (), "e": ("I4",)}
    known = {name: mutant(name, *invariants) for name, invariants in caught_by.items()}
    runs = (
        result("calm", mutant="a", verdicts=(verdict("I2", "x"), verdict("I4", "x"))),
        result("calm", mutant="b"),
        result("calm", mutant="d"),
        result("calm", mutant="e", verdicts=(verdict("I8", "x"),)),
    )
    told = page(mutants=runs, known_mutants=known)
    assert "1 of 4 were caught" in told
    assert line(told, "| a ") == "| a | a is gone | calm | I2, I4 |"
    assert line(told, "| b ") == "| b | b is gone | calm | **not caught** in 1 run |"
    assert line(told, "| c ") == "| c | c is gone | calm | **not run** |"
    assert line(told, "| e ").endswith("| **not as expected**: I8, not I4 |")
    assert "- **d** (0 violations): d is gone. It saves work." in told


def test_a_soak_shows_each_process_and_how_its_memory_went():
    soak = result("F38", seconds=960.0, kills=4, notes=("F6: 12 times",))
    told = page(soak=(soak,), memories=(seen("gateway", 2.0), seen("scraper", 9.0)))
    assert "16 minutes of load and mixed faults" in told
    assert line(told, "| gateway") == (
        "| gateway | 9.0 min | 70.0 MB | 70.5 MB | 72.0 MB | +2.0 ± 1.5 MB/h | yes |"
    )
    assert line(told, "| scraper").endswith("| +9.0 ± 1.5 MB/h | **no** |")


def test_what_was_not_run_is_said():
    told = page()
    assert "- **Not run**: F29." in told
    assert "F2, F4, F5, F7" in line(told, "- **Of the programme")
    assert told.count("Not run.") == 1  # the soak


def test_the_newest_run_counts_and_what_an_earlier_one_violated_is_said():
    red = Verdict(invariant="I2", holds=False, says="a mail twice")
    old = result(FULL[0].scenario, seed=FULL[0].seed, commit="0ld", verdicts=(red,))
    told = page(full=(old, *FULL))
    assert line(told, "| runs") == "| runs | 11 of 5 scenarios |"
    assert line(told, "| **violations**") == "| **violations** | **0** |"
    assert f"- `{old.scenario}`, seed {old.seed}, `0ld`: I2: a mail twice" in told


def test_a_page_of_nothing_is_not_written():
    with pytest.raises(ValueError, match="No runs are kept"):
        page(full=())


def test_what_was_kept_becomes_the_page(tmp_path: Path):
    for each in FULL:
        results.keep(each, "full", tmp_path)
    results.keep(result("F38"), "soak", tmp_path)
    memory.keep([seen("notifier", 1.0)], tmp_path)
    write(tmp_path, tmp_path / "page.md")
    told = (tmp_path / "page.md").read_text()
    assert "| assigner.drawn | 2.0 |" in told
    assert "| notifier | 9.0 min |" in told
    assert "were caught" in told


@pytest.mark.parametrize("share, value", [(0.5, 2.0), (0.75, 3.0), (0.76, 4.0), (1.0, 4.0)])
def test_a_percentile_is_a_value_that_was_seen(share: float, value: float):
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == value


def test_a_violation_is_not_outlived_by_a_better_run_of_the_same_commit():
    bad = result("F6", verdicts=(verdict("I2", "mail 0199 twice"),))
    told = page(full=(bad, *FULL))
    assert line(told, "| **violations**") == "| **violations** | **1** |"
    assert "earlier runs" not in told
