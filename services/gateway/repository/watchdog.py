"""Jobs under way that nothing was heard of."""

from datetime import timedelta
from typing import Final

from libs.common.postgres import Connection
from services.gateway.handlers.watchdog import Silent
from services.gateway.repository.jobs import process_event
from services.gateway.repository.stalled import UNEXPLAINED

IS_ANY_SILENT: Final = """
    select exists (
      select from job where status = 'processing' and moved_at <= public.clock() - $1::interval)
"""

# Asked again once for each run; whoever was asked in vain is only reported.
FIND_SILENT: Final = f"""
    with silent as (
      select id, coalesce(restated_run = run, false) as asked
      from job j
      where moved_at <= public.clock() - $1::interval
        and (restated_run is distinct from run or restated_at <= public.clock() - $1::interval)
        and {UNEXPLAINED}
      order by moved_at, id limit 500
      for update of j skip locked
    ), restated as (
      update job j set restated_run = j.run, restated_at = public.clock()
      from silent where j.id = silent.id and not silent.asked
    )
    select silent.asked, j.id as job_id, j.client_id, j.kind, j.run, j.ladder, j.count,
           j.cities, j.kinds, j.as_of, j.seed, j.refresh
    from silent join job j on j.id = silent.id
"""  # noqa: S608 - our own words

# Events that their service has not brought to the bus for a minute.
UNPUBLISHED: Final = """
    select exists (
      select from (
        select outbox_oldest_at from health
        union all select outbox_oldest_at from scraper.health
        union all select outbox_oldest_at from assigner.health
        union all select outbox_oldest_at from notifier.health
      ) each where outbox_oldest_at < public.clock() - interval '1 minute')
"""


async def is_any_silent(conn: Connection, patience: timedelta) -> bool:
    """Whether it is worth looking closer."""
    return bool(await conn.fetchval(IS_ANY_SILENT, patience))


async def find_silent(conn: Connection, patience: timedelta) -> Silent:
    """Jobs silent for so long that wait neither for their mail nor for a city."""
    rows = await conn.fetch(FIND_SILENT, patience)
    return Silent(
        restated=[process_event(row) for row in rows if not row["asked"]],
        given_up=[row["job_id"] for row in rows if row["asked"]],
    )


async def has_unpublished(conn: Connection) -> bool:
    """Whether a service's events have not reached the bus."""
    return bool(await conn.fetchval(UNPUBLISHED))
