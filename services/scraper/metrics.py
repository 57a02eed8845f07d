"""What the scraper counts, and what is asked of its schema."""

from collections.abc import Mapping
from typing import Final

from prometheus_client import Counter

from libs.telemetry.metrics import SqlGauge

DOWNLOADS: Final = Counter(
    "trackimmo_downloads_total",
    "What publishers answered, by the format of the source and what became of it.",
    ["format", "state"],
)
REJECTED: Final = Counter(
    "trackimmo_sales_rejected_total",
    "Sales of files read that are no single home, by reason.",
    ["reason"],
)

COUNT_REFRESHES: Final = """
    select state, count(id)
    from unnest(array['queued', 'running', 'done', 'failed']) as state
    left join refresh using (state)
    group by state
"""

OLDEST_REFRESH: Final = """
    select coalesce(extract(epoch from public.clock() - min(created_at)), 0)
    from refresh where state in ('queued', 'running')
"""

STALEST_CITY: Final = """
    select coalesce(extract(epoch from public.clock() - min(last_scraped)), 0) from city
"""

GAUGES: Final = (
    SqlGauge(
        name="refreshes",
        help="Refreshes of cities and departments by state.",
        labels=("state",),
        sql=COUNT_REFRESHES,
    ),
    SqlGauge(
        name="refresh_oldest_seconds",
        help="Age of the oldest refresh that is not finished; 0 when all are.",
        sql=OLDEST_REFRESH,
    ),
    SqlGauge(
        name="stalest_city_seconds",
        help="Since the city in stock that has waited longest was last read.",
        sql=STALEST_CITY,
    ),
)


def count_download(source_format: str, state: str) -> None:
    """Count what a publisher answered."""
    DOWNLOADS.labels(source_format, state).inc()


def count_rejected(rejected: Mapping[str, int]) -> None:
    """Count the sales of a file that are no single home."""
    for reason, sales in rejected.items():
        REJECTED.labels(reason).inc(sales)
