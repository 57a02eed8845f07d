"""What is asked of the scheduler's schema."""

from datetime import time
from typing import Final

from libs.telemetry.metrics import SqlGauge

# The last tick of the loop was late by so much; or the next one is overdue and grows.
TICK_LATENESS: Final = """
    select kind, greatest(0, extract(epoch from case
             when (due_on + 1 + $1::time) at time zone $2 <= public.clock()
             then public.clock() - (due_on + 1 + $1::time) at time zone $2
             else created_at - (due_on + $1::time) at time zone $2 end))
    from (
      select distinct on (kind) kind, due_on, created_at from tick
      where not requested order by kind, due_on desc
    ) as last
"""


def gauges(at: time, zone: str) -> tuple[SqlGauge, ...]:
    """The gauges of a schedule."""
    lateness = SqlGauge(
        name="tick_lateness_seconds",
        help="How late the last tick was; while a day's tick is overdue, by how much it is.",
        labels=("kind",),
        sql=TICK_LATENESS,
        arguments=(at, zone),
    )
    return (lateness,)
