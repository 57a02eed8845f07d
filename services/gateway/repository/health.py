"""How the services are, as far as their own rows tell."""

from datetime import datetime
from typing import Final, cast

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.stalled import COUNT_STALLED


class ServiceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What a service has in hand, whether it holds a connection, and what its processes say.

    `silent_seconds` since one of them said anything, `stuck_seconds` since a consumer moved that has
    work; `relays` are the sessions that hold the lock of its relay.
    """

    service: str
    sessions: int
    silent_seconds: float | None
    stuck_seconds: float | None
    relays: int
    unpublished: int
    oldest_seconds: float | None
    waiting: int
    dead: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs, cities being read, mails, and the last tick of the schedule."""

    jobs_silent: int
    jobs_overdue: int
    refreshes: int
    oldest_refresh_seconds: float | None
    mails_unknown: int
    mails_overdue: int
    last_tick: str | None
    ticked_at: datetime | None
    tick_is_overdue: bool


COUNT_CLIENTS: Final = """
    select (select count(*) from client) + (select count(*) from erased_client)
"""

SERVICES: Final = """
    select service, coalesce(sessions, 0)::int as sessions, outbox_unpublished as unpublished,
           extract(epoch from public.clock() - outbox_oldest_at)::float8 as oldest_seconds,
           held_waiting as waiting, held_dead as dead, relays::int as relays,
           extract(epoch from public.clock() - beat_at)::float8 as silent_seconds,
           extract(epoch from public.clock() - stuck_since)::float8 as stuck_seconds
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

# Mails are counted by two indexes: the few that wait, the few that did not arrive.
# The hour of the schedule is the scheduler's own setting: the last tick that was not late tells it.
WORK: Final = """
    with ticks as (
      select kind, due_on, late, created_at, created_at at time zone 'Europe/Paris' as local
      from scheduler.tick_overview where not requested
      order by due_on desc, kind desc limit 60
    ),
    last as (select kind || ' of ' || due_on as name, due_on, created_at from ticks limit 1),
    usual as (select local - due_on::timestamp as hour from ticks where not late limit 1),
    now as (select public.clock() at time zone 'Europe/Paris' as local)
    select refresh.refreshes, refresh.oldest_refresh_seconds, mail.mails_unknown,
           mail.mails_overdue, last.name as last_tick, last.created_at as ticked_at,
           coalesce(now.local > (last.due_on + 1)::timestamp
                                + coalesce(usual.hour, interval '1 day') + interval '15 minutes',
                    false) as tick_is_overdue
    from now
    left join last on true
    left join usual on true
    cross join (
      select count(*)::int as refreshes,
             extract(epoch from public.clock() - min(created_at))::float8 as oldest_refresh_seconds
      from scraper.refresh_overview where state in ('queued', 'running')
    ) as refresh
    cross join (
      select (select count(*)::int from notifier.mail_overview
              where state = 'unknown') as mails_unknown,
             (select count(*)::int from notifier.mail_overview
              where state = 'pending' and next_try_at < public.clock() - interval '5 minutes'
             ) as mails_overdue
    ) as mail
"""


async def count_clients(connection: Connection) -> int:
    """How many clients there have been, whatever became of them: as /admin/stats counts."""
    return cast(int, await connection.fetchval(COUNT_CLIENTS))


async def services(connection: Connection) -> list[ServiceHealth]:
    """Each service's backlog, and how many sessions it holds."""
    return [ServiceHealth(**row) for row in await connection.fetch(SERVICES)]


async def work(connection: Connection) -> Work:
    """What is under way, and what waits for a person."""
    (row,) = await connection.fetch(WORK)
    stalled = {row["how"]: row["jobs"] for row in await connection.fetch(COUNT_STALLED)}
    return Work(**row, jobs_silent=stalled["silent"], jobs_overdue=stalled["overdue"])
