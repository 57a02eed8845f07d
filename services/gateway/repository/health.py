"""How the services are, as far as their own rows tell."""

from datetime import datetime
from typing import Final, cast

import msgspec

from libs.common.postgres import Connection


class ServiceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What a service has in hand, and whether it holds a connection."""

    service: str
    sessions: int
    unpublished: int
    oldest_unpublished_at: datetime | None
    waiting: int
    dead: int


COUNT_CLIENTS: Final = "select count(*) from client"

SERVICES: Final = """
    select service, coalesce(sessions, 0)::int as sessions, outbox_unpublished as unpublished,
           outbox_oldest_at as oldest_unpublished_at, held_waiting as waiting, held_dead as dead
    from (
      select 'gateway' as service, * from gateway.health
      union all select 'scraper', * from scraper.health
      union all select 'assigner', * from assigner.health
      union all select 'notifier', * from notifier.health
      union all select 'scheduler', * from scheduler.health
    ) as each_service
    left join (
      select usename as service, count(*) as sessions
      from pg_stat_activity where datname = current_database() group by usename
    ) as connected using (service)
"""


async def count_clients(connection: Connection) -> int:
    """How many clients there are, whatever their status."""
    return cast(int, await connection.fetchval(COUNT_CLIENTS))


async def services(connection: Connection) -> list[ServiceHealth]:
    """Each service's backlog, and how many sessions it holds."""
    return [ServiceHealth(**row) for row in await connection.fetch(SERVICES)]
