"""The page of /metrics, and what it says of PostgreSQL."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from libs.telemetry import metrics
from libs.telemetry.metrics import Say, SqlGauge, of_consumer, of_database, page
from tests.support.database import Database

HELD = SqlGauge(
    name="letters",
    help="By state.",
    labels=("state",),
    sql="select * from (values ('dead', 2::numeric), ('waiting', 0)) as v (state, value)",
)
SLOW = SqlGauge(name="slow", help="Never there.", sql="select count(pg_sleep(60))")


async def test_a_page_holds_what_postgresql_says(database: Database) -> None:
    shown = await read(of_database(database.url("gateway"), [HELD]))

    assert shown["trackimmo_letters", "dead"] == 2
    assert shown["trackimmo_letters", "waiting"] == 0
    assert shown["trackimmo_metrics_failed",] == 0
    assert shown["python_info", "CPython"] == 1


@pytest.mark.parametrize(
    "wrong", [SLOW, SqlGauge(name="x", help="x", sql="select no_column from outbox")]
)
async def test_a_gauge_that_fails_is_told_and_the_others_stay(
    database: Database, wrong: SqlGauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 1)

    async def other(say: Say) -> None:
        say(GaugeMetricFamily("trackimmo_other", "Asked apart.", value=7))

    with capture_logs() as lines:
        shown = await read(of_database(database.url("gateway"), [HELD, wrong]), other)

    assert shown["trackimmo_letters", "dead"] == 2
    assert shown["trackimmo_other",] == 7
    assert shown["trackimmo_metrics_failed",] == 1
    assert [line["event"] for line in lines] == ["metrics_failed"]


async def test_without_postgresql_there_is_a_page() -> None:
    shown = await read(of_database("postgresql://gateway@127.0.0.1:1/nowhere", [HELD]))

    assert shown["trackimmo_metrics_failed",] == 1
    assert ("trackimmo_letters", "dead") not in shown


async def test_a_consumer_that_is_not_there_yet_has_no_lag() -> None:
    shown = await read(of_consumer("assigner", lambda: None))

    assert shown["trackimmo_metrics_failed",] == 0
    assert not [name for name, *_ in shown if name == "trackimmo_consumer_lag"]


async def read(*sources: metrics.Source) -> dict[tuple[str, ...], float]:
    """Every sample of a page by its name and labels."""
    text = (await page(sources)).decode()
    assert not re.search(r"_created\b", text)
    return samples(text)


def samples(text: str) -> dict[tuple[str, ...], float]:
    parse: Callable[[str], Any] = text_string_to_metric_families
    found = [s for family in parse(text) for s in family.samples]
    return {
        (s.name, *(v for k, v in s.labels.items() if k in {"state", "implementation"})): s.value
        for s in found
    }
