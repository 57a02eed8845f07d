from pathlib import Path

import pytest

from bench import report, results, table
from bench.measure import Measure, percentile, rows
from bench.results import Area, Results

OURS = Measure(
    what="relay, backlog",
    unit="events/s",
    values=(20_000, 30_000, 25_000),
    least=24_000,
    aim=26_000,
    least_ratio=5,
    note="100,000 rows",
)
PEER = Measure(
    what="relay, backlog", variant="other", unit="events/s", values=(4_000, 5_000, 5_000)
)


def test_a_row_shows_its_median_and_how_far_the_runs_lie_apart() -> None:
    assert table.spread((3.14159, 2.0, 100.0)) == "3.14 [2.00-100]"
    assert table.spread((12345.6,)) == "12,346"
    assert table.spread((0.01234,)) == "0.0123"


def test_a_ratio_compares_run_by_run() -> None:
    [ours, peer] = rows([OURS, PEER])

    assert ours.ratios == {"other": (5.0, 6.0, 5.0)}
    assert peer.ratios == {}


def test_a_time_is_better_the_smaller_it_is() -> None:
    ours = Measure(
        what="a", unit="ms", values=(4,), least=5, aim=3, least_ratio=2.0, lower_is_better=True
    )
    peer = Measure(what="a", variant="other", unit="ms", values=(12,), lower_is_better=True)

    [row, _] = rows([ours, peer])

    assert row.ratios == {"other": (3.0,)}
    assert (row.met, row.aim_met) == (True, False)


@pytest.mark.parametrize(
    "least, least_ratio, met",
    [(24_000, 5, True), (25_001, 5, False), (24_000, 5.1, False), (None, None, None)],
)
def test_what_is_asked_is_met_by_the_median_and_by_the_ratio(
    least: float | None,
    least_ratio: float | None,
    met: object,
) -> None:
    asked = Measure(
        what=OURS.what, unit="", values=OURS.values, least=least, least_ratio=least_ratio
    )

    assert rows([asked, PEER])[0].met is met


def test_a_ratio_that_is_asked_for_and_was_not_measured_is_not_met() -> None:
    assert rows([OURS])[0].met is False


def test_a_percentile_is_a_value_that_occurred() -> None:
    values = [float(number) for number in range(100, 0, -1)]

    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert percentile([7.0], 0.95) == 7


def test_a_table_says_everything_about_a_row() -> None:
    shown = table.text(rows([OURS, PEER]))

    assert "25,000 [20,000-30,000]" in shown
    assert "≥ 24,000, 5.00 × the peer" in shown
    assert "5.00 [5.00-6.00] × other" in shown
    assert shown.splitlines()[1].split()[-2:] == ["yes", "no"]


def test_what_a_run_found_survives_its_file_and_makes_the_page(tmp_path: Path) -> None:
    found = Results(
        machine={"cores": "2", "PostgreSQL": "18.4"},
        commit="abc123",
        at="2026-01-01T00:00:00+00:00",
        runs=3,
        seed=7,
        slow_disk=False,
        areas=(
            Area(name="relay", seconds=1.5, measures=(OURS, PEER)),
            Area(name="month", seconds=0, problem="no Redis"),
        ),
    )
    results.write(tmp_path / "found.json", found)

    assert results.read(tmp_path / "found.json") == found
    page = report.page([found])
    for said in ("abc123", "cores 2", "100,000 rows", "Not measured: no Redis"):
        assert said in page
    assert page.endswith(report.PROFILES.read_text().rstrip())


def test_the_page_says_what_was_not_measured() -> None:
    found = Results(
        machine={},
        commit="abc123",
        at="2026-01-01T00:00:00+00:00",
        runs=1,
        seed=7,
        slow_disk=True,
        areas=(Area(name="relay", seconds=1.5, measures=(OURS, PEER)),),
    )

    page = report.page([found])

    [asked] = [line for line in page.splitlines() if line.startswith("| relay, backlog | slowed")]
    assert "| yes |" in asked
    assert page.count("| slowed | | not measured") == len(report.EXPECTED) - 1
