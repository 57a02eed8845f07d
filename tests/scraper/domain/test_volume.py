from datetime import date

import pytest

from services.scraper.domain import first_incomplete_year, hollow_years

NOVEMBER_2026 = date(2026, 11, 21)


def test_a_year_below_three_fifths_of_the_median_of_the_others_is_hollow():
    lines = {2018: 1000, 2019: 599, 2020: 1000, 2021: 1400}

    assert hollow_years(lines, incomplete_from=2026) == {2019: 1000}
    assert hollow_years({**lines, 2019: 600}, incomplete_from=2026) == {}


def test_a_small_place_has_quiet_years():
    assert hollow_years({2018: 499, 2019: 0, 2020: 499}, incomplete_from=2026) == {}
    assert hollow_years({2018: 500, 2019: 0, 2020: 500}, incomplete_from=2026) == {2019: 500}


def test_a_year_alone_is_never_hollow():
    assert hollow_years({2019: 0}, incomplete_from=2026) == {}


def test_the_running_year_and_the_last_half_year_of_an_edition_are_never_hollow():
    lines = {2023: 1000, 2024: 1000, 2025: 100, 2026: 10}

    assert hollow_years(lines, incomplete_from=2025) == {}
    assert hollow_years(lines, incomplete_from=2026) == {2025: 1000}


@pytest.mark.parametrize(
    "edition,today,year",
    [
        ("2025-12", NOVEMBER_2026, 2025),
        ("2026-06", NOVEMBER_2026, 2026),
        ("202304", NOVEMBER_2026, 2022),  # delivered in April: acts to December
        ("202110", NOVEMBER_2026, 2021),  # delivered in October: acts to June
        ("latest", NOVEMBER_2026, 2026),
        ("latest", date(2026, 6, 1), 2025),
        ("", date(2026, 10, 15), 2025),  # the autumn's vintage may not be out yet
        ("", date(2027, 2, 1), 2026),
    ],
)
def test_an_edition_is_incomplete_from_its_last_half_year_on(edition: str, today: date, year: int):
    assert first_incomplete_year(edition, today) == year
