"""What the scheduler's /metrics page says of its ticks."""

from datetime import UTC, datetime, time, timedelta

import pytest

from services.scheduler.metrics import gauges
from tests.scheduler.looking import look, set_clock
from tests.support.database import Database
from tests.support.scrape import scraped

NINE_IN_PARIS = datetime(2026, 11, 21, 8, tzinfo=UTC)
TABLE = gauges(time(9), "Europe/Paris")


@pytest.mark.parametrize(
    "waited, lateness",
    [
        (timedelta(hours=1), 0),
        (timedelta(days=1, minutes=-1), 0),
        (timedelta(days=1, hours=2), 7200),
    ],
)
async def test_a_tick_that_is_overdue_is_later_and_later(
    database: Database, waited: timedelta, lateness: float
) -> None:
    await set_clock(database, NINE_IN_PARIS)
    await look(await database.connect("scheduler"))
    await database.advance(waited)

    shown = await scraped(database, "scheduler", TABLE)

    for kind in ("send_day", "pre_notification"):
        assert shown["tick_lateness_seconds", kind] == pytest.approx(lateness, abs=30)


async def test_a_tick_that_came_late_says_so_until_the_next(database: Database) -> None:
    await set_clock(database, NINE_IN_PARIS + timedelta(minutes=20))
    await look(await database.connect("scheduler"))
    await database.advance(timedelta(hours=3))

    shown = await scraped(database, "scheduler", TABLE)

    assert shown["tick_lateness_seconds", "send_day"] == pytest.approx(1200, abs=30)


async def test_before_the_first_tick_none_is_late(database: Database) -> None:
    shown = await scraped(database, "scheduler", TABLE)

    assert not [labels for labels in shown if labels[0] == "tick_lateness_seconds"]
    assert shown["metrics_failed",] == 0
