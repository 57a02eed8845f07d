"""What the assigner counts of doors, and what is asked of its schema."""

from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter

from libs.telemetry.metrics import SqlGauge
from services.assigner.domain.position import Position

DOORS: Final = Counter(
    "trackimmo_doors_total",
    "Delivered homes by who knows where they stand: the geocoder, or only their sale.",
    ["known_by"],
)
FAILURES: Final = Counter(
    "trackimmo_geocoder_failures_total",
    "Questions to the geocoder without an answer; the choices are told all the same.",
)

COUNT_AWAITED: Final = "select count(*) from awaited_position"

GAUGES: Final = (
    SqlGauge(
        name="awaited_positions",
        help="Choices whose positions are asked for: each waits ten seconds at most.",
        sql=COUNT_AWAITED,
    ),
)


def count_doors(found: Sequence[Position | None]) -> None:
    """Count homes that are settled for good."""
    confirmed = sum(1 for one in found if one)
    DOORS.labels("geocoder").inc(confirmed)
    DOORS.labels("sale").inc(len(found) - confirmed)


def count_failures(failures: int) -> None:
    """Count requests that the geocoder has not answered."""
    FAILURES.inc(failures)
