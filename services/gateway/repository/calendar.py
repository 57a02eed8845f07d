"""The schedule of some days: what was done, what is due, and who is still without a delivery."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class DayTick(msgspec.Struct, frozen=True, kw_only=True):
    """What a day has for one kind.

    `due` is still to come or at work, `late` should have been handled and was not, `missed` was never
    emitted and will not be. Clients: whom a handled one served, whom one that is due would serve; of
    the others those whose day it was. `undelivered` of them have a failed delivery of that day.
    """

    kind: Literal["pre_notification", "send_day"]
    due_on: date
    state: Literal["due", "done", "late", "missed"]
    late: bool
    clients: int
    undelivered: int
    emitted_at: datetime | None
    handled_at: datetime | None


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery of a month whose job failed for good; retrying the job delivers it."""

    job_id: UUID
    client_id: UUID
    month: date
    due_on: date
    late: bool
    error_message: str | None
    failed_at: datetime


# A kind's days begin with the first tick of the loop; before there is one, today. Whom a day would
# serve is the rule of `due_clients`, for all days at once: clients are counted by the day that is
# theirs in each month, and a day adds up those that it finds.
DAYS: Final = """
    with now as materialized (select (public.clock() at time zone 'Europe/Paris')::date as today),
    began as (
      select kind, min(due_on) as due_on from scheduler.tick_overview where not requested group by kind
    ),
    handled as (
      select kind, due_on, handled_at, clients from tick_handled where kind = 'send_day'
      union all
      select kind, due_on, handled_at, clients from notifier.tick_handled
      where kind = 'pre_notification'
    ),
    expected as materialized (
      select k.kind, d.due_on::date as due_on,
             d.due_on::date + (k.kind = 'pre_notification')::int as delivery_on,
             tick.state as emitted, coalesce(tick.late, d.due_on::date < now.today) as late,
             tick.created_at as emitted_at, handled.handled_at, handled.clients,
             case when handled.kind is not null then 'done'
                  when tick.state = 'missed' then 'missed'
                  when d.due_on::date < now.today then 'late'
                  else 'due' end as state
      from now
      cross join generate_series($1::date, $2::date, interval '1 day') as d (due_on)
      cross join unnest(array['pre_notification', 'send_day']) as k (kind)
      left join began on began.kind = k.kind
      left join scheduler.tick_overview tick on tick.kind = k.kind and tick.due_on = d.due_on::date
      left join handled on handled.kind = k.kind and handled.due_on = d.due_on::date
      where tick.kind is not null or handled.kind is not null
         or d.due_on::date >= coalesce(began.due_on, now.today)
    ),
    -- The months whose clients are asked for: of days not done, and that before for who may catch up.
    month as materialized (
      select distinct m.month::date as month, (m.month + interval '1 month - 1 day')::date as last_day
      from expected e
      cross join now
      cross join lateral (
        select date_trunc('month', e.delivery_on::timestamp)
        union all
        select date_trunc('month', e.delivery_on::timestamp) - interval '1 month'
        where e.state = 'due' and e.delivery_on <= now.today
      ) as m (month)
      where e.state <> 'done'
    ),
    delivered as materialized (
      select d.client_id, d.month from monthly_delivery d
      where d.due_on between (select min(month) from month) and (select max(last_day) from month)
    ),
    owed as materialized (
      select m.month, least(m.month + c.send_day - 1, m.last_day) as effective_day, count(*) as clients
      from month m
      join client c on c.status = 'active'
        and least(m.month + c.send_day - 1, m.last_day) >= c.active_since
      where not exists (
        select from delivered d where d.client_id = c.id and d.month = m.month)
      group by 1, 2
    ),
    failed as (
      select d.due_on, count(*) as clients
      from job j join monthly_delivery d on d.job_id = j.id
      where j.status = 'failed' and d.due_on between $1 and $2
        and not exists (select from erased_client g where g.id = d.client_id)
      group by d.due_on
    )
    select e.kind, e.due_on, e.state, e.late, e.emitted_at, e.handled_at,
           (case e.state
              when 'done' then e.clients
              when 'due' then (
                select coalesce(sum(o.clients), 0) from owed o
                where o.effective_day = e.delivery_on
                   or (e.delivery_on <= now.today and o.effective_day < e.delivery_on
                       and (o.month = date_trunc('month', e.delivery_on::timestamp)::date
                            or (o.month = (date_trunc('month', e.delivery_on::timestamp) - interval '1 month')::date
                                and o.effective_day >= e.delivery_on - $3::int))))
              else coalesce((select sum(o.clients) from owed o where o.effective_day = e.delivery_on), 0)
                   + (select count(*) from monthly_delivery m where m.due_on = e.delivery_on)
            end)::int as clients,
           (case e.kind when 'send_day' then coalesce(failed.clients, 0) else 0 end)::int as undelivered
    from expected e
    cross join now
    left join failed on failed.due_on = e.due_on
    order by e.due_on, e.kind
"""

UNDELIVERED: Final = """
    select m.job_id, m.client_id, m.month, m.due_on, m.late, j.error_message,
           j.updated_at as failed_at
    from monthly_delivery m join job j on j.id = m.job_id
    where m.due_on between $1 and $2 and j.status = 'failed'
      and not exists (select from erased_client g where g.id = m.client_id)
    order by m.due_on, m.client_id
    limit 1000
"""


async def days(
    connection: Connection, first: date, last: date, catch_up_days: int
) -> Sequence[DayTick]:
    """The ticks of these days, those to come included."""
    rows = await connection.fetch(DAYS, first, last, catch_up_days)
    return [DayTick(**row) for row in rows]


async def undelivered(connection: Connection, first: date, last: date) -> Sequence[Undelivered]:
    """Who should have had a delivery on these days, and has a failed job; at most 1,000."""
    return [Undelivered(**row) for row in await connection.fetch(UNDELIVERED, first, last)]
