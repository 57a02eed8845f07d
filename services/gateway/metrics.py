"""What the gateway counts, and what is asked of its schema."""

import time
from collections.abc import Iterable
from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from libs.telemetry.metrics import SqlGauge
from services.gateway.domain.movements import Movement
from services.gateway.domain.runs import Advance

ENDS: Final = frozenset({"done", "failed", "broken", "sent", "unknown", "suppressed"})
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS: Final = Counter(
    "trackimmo_http_requests_total",
    "Requests answered, by the path's pattern.",
    ["method", "route", "status"],
)
REQUEST_SECONDS: Final = Histogram(
    "trackimmo_http_request_seconds",
    "From a request's headers to the end of its answer, of a stream to its beginning.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STREAMS: Final = Gauge(
    "trackimmo_streams", "Readers of server-sent events: of one job, or of all.", ["of"]
)
STEP_SECONDS: Final = Histogram(
    "trackimmo_job_step_seconds",
    "From the beginning of a step of a job to its end, whatever that was.",
    ["step"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400),
)

DEGRADED: Final = Gauge(
    "trackimmo_component_degraded",
    "Whether this part of the system is not well, as /admin/health says of it.",
    ["component"],
)

COUNT_JOBS: Final = """
    select status, count(job.id)
    from unnest(array['processing', 'pending', 'completed', 'failed']) as status
    left join job using (status)
    group by status
"""

GAUGES: Final = (SqlGauge(name="jobs", help="Jobs by status.", labels=("status",), sql=COUNT_JOBS),)

# Looking a child up by its labels costs more than counting.
_request = cache(REQUESTS.labels)
_request_seconds = cache(REQUEST_SECONDS.labels)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request; only words of our own become labels."""
    _request(method if method in METHODS else "other", route, status).inc()
    _request_seconds(route).observe(seconds)


def observe_steps(advances: Iterable[Advance]) -> None:
    """Take the time of each step that has just ended, if its beginning is known."""
    now = time.time()
    for moved in advances:
        for end in moved.news:
            if end.state in ENDS:
                began = _began(end, moved, now)
                if began is not None:
                    STEP_SECONDS.labels(end.step).observe(max(0.0, now - began))


def _began(end: Movement, moved: Advance, now: float) -> float | None:
    running = (m for m in moved.run.movements if (m.step, m.state) == (end.step, "running"))
    times = [movement.at.timestamp() for movement in running if movement.at]
    just_now = any((m.step, m.state) == (end.step, "running") for m in moved.news)
    return min(times, default=now if just_now else None)
