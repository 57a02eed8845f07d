"""How much there is of everything."""

from collections.abc import Mapping
from typing import Any, Final

from libs.common.postgres import Connection

# An erased client is counted by what is left of it, so that no number falls by an erasure. Of the
# assigner's rows those count that it still shows, and for the erased what they had by then: all are
# counted and then the few of the erased, since looking who is erased for each takes four times as long.
COUNTS: Final = """
    select (select count(*) from client) + (select count(*) from erased_client) as total_clients,
           (select count(*) from client where status = 'active') as active_clients,
           (select homes from scraper.stock_overview) as total_properties,
           (select count(*) from assigner.delivered)
             - (select count(*) from assigner.delivered d join erased_client e on e.id = d.client_id)
             + (select coalesce(sum(assignments), 0) from erased_client)::bigint as total_assignments,
           jobs_pending, jobs_processing, jobs_completed, jobs_failed
    from (
      select count(*) filter (where status = 'pending') as jobs_pending,
             count(*) filter (where status = 'processing') as jobs_processing,
             count(*) filter (where status = 'completed') as jobs_completed,
             count(*) filter (where status = 'failed') as jobs_failed
      from job) as jobs
"""

MAILS: Final = "select state, count(*) from notifier.mail_overview group by state"

WAITING: Final = """
    select sum(held_dead)::bigint as dead_letters, sum(outbox_unpublished)::bigint as outbox_unpublished
    from (
      select * from gateway.health union all select * from scraper.health
      union all select * from assigner.health union all select * from notifier.health
      union all select * from scheduler.health) as each_service
"""


async def counts(connection: Connection) -> Mapping[str, Any]:
    """How many clients, homes, deliveries and jobs, and what waits between the services."""
    found = await connection.fetchrow(COUNTS)
    waiting = await connection.fetchrow(WAITING)
    return {**dict(found or {}), **dict(waiting or {})}


async def mails(connection: Connection) -> Mapping[str, int]:
    """How many mails are in each state."""
    return {row["state"]: row["count"] for row in await connection.fetch(MAILS)}
