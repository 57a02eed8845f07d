from datetime import date

import pytest

from services.scraper.domain import Window, window, years_before, years_needed


def test_the_window_has_both_its_days():
    six_to_eight = window(date(2026, 11, 21), min_age_years=6, max_age_years=8)

    assert six_to_eight == Window(date(2018, 11, 21), date(2020, 11, 21))


@pytest.mark.parametrize(
    "day,years,expected",
    [
        (date(2028, 2, 29), 6, date(2022, 2, 28)),
        (date(2028, 2, 29), 8, date(2020, 2, 29)),
        (date(2027, 2, 28), 7, date(2020, 2, 28)),
        (date(2026, 3, 1), 6, date(2020, 3, 1)),
    ],
)
def test_a_leap_day_becomes_the_28th_where_there_is_none(day: date, years: int, expected: date):
    assert years_before(day, years) == expected


def test_later_years_are_read_too_to_know_what_was_resold():
    assert list(years_needed(2023, date(2026, 1, 1))) == [2023, 2024, 2025, 2026]
