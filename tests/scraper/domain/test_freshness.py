from datetime import UTC, datetime, timedelta

import msgspec

from services.scraper.domain import CityState, Rules, is_failing, needs_refresh

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULES = Rules()
FRESH = CityState(
    now=NOW, last_scraped=NOW - timedelta(days=2), first_year=2018, failed_at=None, error=None,
    on_offer=50,
)  # fmt: skip


def due(**changes: object) -> bool:
    city = msgspec.structs.replace(FRESH, **changes)
    return needs_refresh(city, first_year=2018, rules=RULES)


def test_a_city_is_read_again_after_ninety_days():
    assert not due(last_scraped=NOW - timedelta(days=90))
    assert due(last_scraped=NOW - timedelta(days=90, seconds=1))
    assert due(last_scraped=None, first_year=None)


def test_a_thin_city_is_read_again_once_a_day():
    assert due(on_offer=49)
    assert not due(on_offer=49, last_scraped=NOW - timedelta(hours=23))


def test_a_city_that_was_read_from_too_late_a_year_is_read_again():
    assert due(first_year=2019)


def test_a_failed_refresh_rests_for_an_hour():
    failed = {"last_scraped": None, "first_year": None, "error": "html: a web page"}

    assert not due(**failed, failed_at=NOW - timedelta(minutes=59))
    assert due(**failed, failed_at=NOW - timedelta(minutes=60))


def test_a_city_fails_its_jobs_only_if_its_stock_is_not_what_it_should_be():
    failed = msgspec.structs.replace(FRESH, failed_at=NOW, error="html: a web page")
    without = msgspec.structs.replace(failed, last_scraped=None, first_year=None)

    assert not is_failing(failed, first_year=2018, rules=RULES)
    assert is_failing(without, first_year=2018, rules=RULES)
    assert not is_failing(FRESH, first_year=2018, rules=RULES)
