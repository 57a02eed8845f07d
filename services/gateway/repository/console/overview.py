"""How this month is going, and what needs a person."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.stalled import UNEXPLAINED


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """How far the deliveries of this month are; each number counts clients."""

    month: date
    due: int
    """Of the whole month: begun, and still to come."""
    to_come: int
    scraped: int
    chosen: int
    mailed: int
    """Their mail is out, whether or not it surely arrived."""
    empty: int
    """Nothing was found for them, which their mail says."""
    in_doubt: int
    held: int
    """They wish for no mails: the addresses are on their page."""
    put_off: int
    """Their mail or their job is tried again later."""
    failed: int
    late: int
    """Begun after their day, or not begun though it has passed."""
    oldest_at: datetime | None
    """Since when the oldest of the unfinished is under way."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Mails that could go out now and have not; `idle_seconds` since anything last went."""

    waiting: int
    oldest_seconds: float | None
    idle_seconds: float | None


class Stalled(msgspec.Struct, frozen=True, kw_only=True):
    """A job that stands still: nothing was heard of it, or its retry has not begun in time."""

    how: Literal["silent", "overdue"]
    job_id: UUID
    seconds: float


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery of this month whose job failed for good, one of so many."""

    job_id: UUID
    due_on: date
    of: int


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A day that was not handled as it should have been."""

    kind: Literal["pre_notification", "send_day"]
    due_on: date
    state: Literal["missed", "late"]


# Of a completed job its row says all; of the few others their movements say how far they are. A
# completed job that was cleaned away is completed. Cleaning spares what this month owes.
MONTH: Final = """
    with now as (
      select today, date_trunc('month', today)::date as first,
             (date_trunc('month', today) + interval '1 month - 1 day')::date as last
      from (select (public.clock() at time zone 'Europe/Paris')::date as today) paris
    ), to_come as (
      select count(*) as clients, count(*) filter (where effective_day < now.today) as late
      from now cross join lateral due_clients(now.last, now.last, 0) group by ()
    ), begun as (
      select d.late, j.id, j.run, coalesce(j.status, 'completed') as status, j.created_at,
             j.properties_assigned as found
      from now
      join monthly_delivery d on d.due_on between now.first and now.last
      left join job j on j.id = d.job_id
      where not exists (select from erased_client e where e.id = d.client_id)
    ), far as (
      select begun.*, m.scraped, m.chosen, m.mail_waits
      from begun
      cross join lateral (
        select bool_or(step = 'scrape' and state = 'done') as scraped,
               bool_or(step = 'assign' and state = 'done') as chosen,
               bool_or(step = 'mail' and state = 'waiting') as mail_waits
        from movement where job_id = begun.id and run = begun.run
      ) m
      where begun.status <> 'completed'
    ), astray as (
      select o.state, count(*) as mails
      from now
      join notifier.mail_overview o
        on o.state in ('unknown', 'suppressed') and o.kind = 'notification'
       and o.created_at >= now.first::timestamp at time zone 'Europe/Paris'
      join begun on begun.id = o.job_id and begun.status = 'completed'
      group by o.state
    ), ended as (
      select count(*) as clients, count(*) filter (where found = 0) as empty
      from begun where status = 'completed'
    ), under_way as (
      select count(*) filter (where scraped) as scraped, count(*) filter (where chosen) as chosen,
             count(*) filter (where status = 'pending' or status = 'processing' and mail_waits) as put_off,
             count(*) filter (where status = 'failed') as failed,
             min(created_at) filter (where status <> 'failed') as oldest_at
      from far
    ), aside as (
      select coalesce(sum(mails) filter (where state = 'unknown'), 0) as in_doubt,
             coalesce(sum(mails) filter (where state = 'suppressed'), 0) as held
      from astray
    )
    select now.first as month, (select count(*) from begun) + to_come.clients as due,
           to_come.clients as to_come, ended.clients + under_way.scraped as scraped,
           ended.clients + under_way.chosen as chosen, ended.clients - aside.held as mailed,
           ended.empty, aside.in_doubt::int as in_doubt, aside.held::int as held,
           under_way.put_off, under_way.failed,
           (select count(*) filter (where late) from begun) + to_come.late as late,
           under_way.oldest_at
    from now, to_come, ended, under_way, aside
"""

# Those that are to be written first have no row yet: their job has come to its mail and says no more.
MAILS_WAITING: Final = """
    with due as (
      select next_try_at as since from notifier.mail_overview
      where state = 'pending' and next_try_at <= public.clock()
      union all
      select coalesce(m.at, j.moved_at)
      from job j
      join movement m on m.job_id = j.id and m.run = j.run and m.step = 'mail' and m.state = 'running'
      where j.status = 'processing'
        and not exists (
          select from notifier.mail_overview o
          where o.kind = 'notification' and o.subject_id = j.id and o.period = '')
    )
    select count(*)::int as waiting,
           extract(epoch from public.clock() - min(since))::float8 as oldest_seconds,
           case when count(*) > 0 then extract(epoch from public.clock() - (
             select max(updated_at) from notifier.mail_overview
             where state in ('sent', 'failed', 'unknown')
               and created_at >= public.clock() - interval '1 hour'))::float8 end as idle_seconds
    from due
"""

STALLED: Final = f"""
    (select 'silent' as how, j.id as job_id,
            extract(epoch from public.clock() - j.moved_at)::float8 as seconds
     from job j
     where j.moved_at <= public.clock() - interval '15 minutes' and {UNEXPLAINED}
     order by j.moved_at limit $1)
    union all
    (select 'overdue', id, extract(epoch from public.clock() - next_attempt_at)::float8 from job
     where status = 'pending' and next_attempt_at < public.clock() - interval '5 minutes'
     order by next_attempt_at limit $1)
"""  # noqa: S608 - our own words

# A missed day stays for as long as its clients may be served late; one that was only emitted is
# handled within minutes.
TICKS: Final = """
    select t.kind, t.due_on, case t.state when 'missed' then 'missed' else 'late' end as state
    from scheduler.tick_overview t
    where t.due_on >= (public.clock() at time zone 'Europe/Paris')::date - $1::int
      and (t.state = 'missed' or t.created_at < public.clock() - interval '15 minutes')
      and not exists (
        select from tick_handled h where h.kind = t.kind and h.due_on = t.due_on)
      and not exists (
        select from notifier.tick_handled h where h.kind = t.kind and h.due_on = t.due_on)
    order by t.due_on, t.kind
"""


# Of those that still owe a delivery of this month; whoever was erased is owed nothing.
UNDELIVERED: Final = """
    select j.id as job_id, d.due_on, count(*) over ()::int as of
    from job j
    join monthly_delivery d on d.job_id = j.id
    where j.status = 'failed' and j.kind = 'scheduled'
      and j.created_at >= date_trunc('month', public.clock() at time zone 'Europe/Paris')
                          at time zone 'Europe/Paris' - interval '31 days'
      and d.month = date_trunc('month', public.clock() at time zone 'Europe/Paris')::date
      and not exists (select from erased_client e where e.id = j.client_id)
    order by d.due_on, j.id limit $1
"""


async def month(connection: Connection) -> Month:
    """How far this month is."""
    (row,) = await connection.fetch(MONTH)
    return Month(**row)


async def mails_waiting(connection: Connection) -> Waiting:
    """The mails that could go out now."""
    (row,) = await connection.fetch(MAILS_WAITING)
    return Waiting(**row)


async def stalled(connection: Connection, limit: int) -> Sequence[Stalled]:
    """Some of the jobs that stand still, of each way those that have for longest."""
    return [Stalled(**row) for row in await connection.fetch(STALLED, limit)]


async def ticks(connection: Connection, catch_up_days: int) -> Sequence[Tick]:
    """The days that were missed, or were not handled in time."""
    return [Tick(**row) for row in await connection.fetch(TICKS, catch_up_days)]


async def undelivered(connection: Connection, limit: int) -> Sequence[Failed]:
    """Some of the deliveries of this month that failed for good."""
    return [Failed(**row) for row in await connection.fetch(UNDELIVERED, limit)]
