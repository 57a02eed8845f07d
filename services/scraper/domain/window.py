"""The days of which a job wants the sales, and the years that must be read for them."""

import calendar
from datetime import date

import msgspec


class Window(msgspec.Struct, frozen=True):
    """From `first` to `last`, both included."""

    first: date
    last: date


def window(as_of: date, *, min_age_years: int, max_age_years: int) -> Window:
    """Sales that were `min_age_years` to `max_age_years` old on that day, in calendar years."""
    return Window(years_before(as_of, max_age_years), years_before(as_of, min_age_years))


def years_before(day: date, years: int) -> date:
    """The same day of an earlier year; 29 February becomes the 28th where there is none."""
    year = day.year - years
    last_day = calendar.monthrange(year, day.month)[1]
    return date(year, day.month, min(day.day, last_day))


def years_needed(first_year: int, today: date) -> range:
    """From the window's first year to this one: a later sale tells that a home was resold."""
    return range(first_year, today.year + 1)
