"""The scraper's rules, without any I/O.

- `window`: the days and years that a job looks at
- `sources`: the list of publishers, and what a URL tells of its vintage
- `volume`: when a year is too thin to be believed
- `freshness`: when a city is read again, and when a job fails for its sources
"""

from services.scraper.domain.freshness import CityState, Rules, is_due, is_failing, needs_refresh
from services.scraper.domain.sources import (
    Source,
    department_of,
    edition_in,
    is_department,
    parse_sources,
)
from services.scraper.domain.volume import first_incomplete_year, hollow_years, is_hollow
from services.scraper.domain.window import Window, window, years_before, years_needed

__all__ = [
    "CityState",
    "Rules",
    "Source",
    "Window",
    "department_of",
    "edition_in",
    "first_incomplete_year",
    "hollow_years",
    "is_department",
    "is_due",
    "is_failing",
    "is_hollow",
    "needs_refresh",
    "parse_sources",
    "window",
    "years_before",
    "years_needed",
]
