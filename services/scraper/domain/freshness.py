"""When a city is read again, and when a job fails for its sources."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from services.scraper.domain.window import Window, window

AFTER_FAILURE: Final = timedelta(hours=1)
THIN_AT_MOST_EVERY: Final = timedelta(days=1)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What operators may set."""

    min_age_years: int = 6
    max_age_years: int = 8
    city_max_age: timedelta = timedelta(days=90)
    min_on_offer: int = 50

    def window(self, as_of: date) -> Window:
        return window(as_of, min_age_years=self.min_age_years, max_age_years=self.max_age_years)


class CityState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a city for one window at the instant `now`."""

    now: datetime
    last_scraped: datetime | None
    first_year: int | None
    failed_at: datetime | None
    error: str | None
    on_offer: int


def is_due(city: CityState, *, first_year: int, rules: Rules) -> bool:
    """Whether a city's stock is missing, too old, too short or, at most once a day, too thin."""
    if city.last_scraped is None or city.first_year is None or city.first_year > first_year:
        return True
    age = city.now - city.last_scraped
    return age > rules.city_max_age or (
        city.on_offer < rules.min_on_offer and age > THIN_AT_MOST_EVERY
    )


def is_failing(city: CityState, *, first_year: int, rules: Rules) -> bool:
    """Whether the stock is not what it should be because the newest refresh failed."""
    return city.failed_at is not None and is_due(city, first_year=first_year, rules=rules)


def needs_refresh(city: CityState, *, first_year: int, rules: Rules) -> bool:
    """Whether a job has to wait for a refresh; a failed one rests for an hour."""
    rests = city.failed_at is not None and city.now - city.failed_at < AFTER_FAILURE
    return not rests and is_due(city, first_year=first_year, rules=rules)
