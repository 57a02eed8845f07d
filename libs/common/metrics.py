"""What every service counts, and what is asked of its schema when it is scraped."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog
from prometheus_client import Counter, Gauge, Histogram

from libs.common.envelope import Received
from libs.telemetry import traces
from libs.telemetry.metrics import SqlGauge

log = structlog.get_logger()

Met = tuple[Sequence[Received[Any]], Sequence[Received[Any]]]
"""Events of a transaction, and those of them that were met for the first time."""

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
    "trackimmo_consumer_last_success_timestamp_seconds", "When events were handled, or known."
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


def count(received: Sequence[Received[Any]], fresh: Sequence[Received[Any]]) -> None:
    """Count events that have had their effect, now or before; one line for each sort of them."""
    if received:
        LAST_SUCCESS.set_to_current_time()
    if duplicates := len(received) - len(fresh):
        INBOX_DUPLICATES.inc(duplicates)
        known = {one.id for one in received} - {one.id for one in fresh}
        log.info("duplicates_suppressed", messages=duplicates, event_ids=[*map(str, known)])
    if fresh:
        for one in fresh:
            EVENTS_HANDLED.labels(one.event.type).inc()
        event_ids = [str(one.id) for one in fresh]
        trace_ids = list({traces.trace_id(one.traceparent): None for one in fresh})
        log.info("events_handled", events=len(fresh), event_ids=event_ids, trace_ids=trace_ids)


@contextmanager
def spans(fresh: Sequence[Received[Any]]) -> Generator[Sequence[Received[Any]]]:
    """The same events for their handlers; where spans are recorded, each in one of its own."""
    if not traces.recorder():
        yield fresh
        return
    wanted = [(one.event.type, one.traceparent, one.ids) for one in fresh]
    with traces.around("consumer", wanted) as joined:
        yield [
            msgspec.structs.replace(one, traceparent=own)
            for one, own in zip(fresh, joined, strict=True)
        ]
