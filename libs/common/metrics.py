"""What every service counts, and what is asked of its schema when it is scraped."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from libs.telemetry.metrics import SqlGauge

OUTBOX_PUBLISHED: Final = Counter(
    "trackimmo_outbox_published_total", "Events that the broker has answered for."
)
OUTBOX_FAILURES: Final = Counter(
    "trackimmo_outbox_failures_total", "Events that could not be published; each is tried again."
)
INBOX_DUPLICATES: Final = Counter(
    "trackimmo_inbox_duplicates_total", "Events that arrived again and changed nothing."
)
EVENTS_HANDLED: Final = Counter(
    "trackimmo_events_handled_total", "Events that have had their effect.", ["type"]
)
BATCH_SECONDS: Final = Histogram(
    "trackimmo_batch_seconds",
    "From a batch in hand to its commit.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
LAST_SUCCESS: Final = Gauge(
    "trackimmo_consumer_last_success_timestamp_seconds", "When a batch last had its effect."
)

COUNT_UNPUBLISHED: Final = "select count(*) from outbox where published_at is null"

OLDEST_UNPUBLISHED: Final = """
    select coalesce(extract(epoch from public.clock() - min(created_at)), 0)
    from outbox where published_at is null
"""

COUNT_HELD: Final = """
    select state, count(id)
    from unnest(array['waiting', 'dead']) as state left join held_message using (state)
    group by state
"""

GAUGES: Final = (
    SqlGauge(
        name="outbox_unpublished",
        help="Events that wait to be published.",
        sql=COUNT_UNPUBLISHED,
    ),
    SqlGauge(
        name="outbox_oldest_seconds",
        help="Age of the oldest event that waits to be published; 0 when none does.",
        sql=OLDEST_UNPUBLISHED,
    ),
    SqlGauge(
        name="held_messages",
        help="Messages that wait for another try, or are dead letters.",
        labels=("state",),
        sql=COUNT_HELD,
    ),
)
