"""Deliveries of a month: started by a tick, each once."""

from datetime import date
from typing import Final

from libs.common.postgres import Connection
from services.gateway.handlers.schedule import Deliveries
from services.gateway.repository.jobs import process_event

TAKE_TICK: Final = """
    insert into tick_handled (kind, due_on, clients) values ('send_day', $1, 0)
    on conflict do nothing
    returning due_on
"""

# The seeds of a day's jobs differ by client; all follow from the one that chance has given.
DELIVER: Final = """
    with due as materialized (
      select uuidv7() as job_id, d.client_id, d.month, d.effective_day, d.late
      from due_clients($1, (public.clock() at time zone 'Europe/Paris')::date, $3) d
    ), delivery as (
      insert into monthly_delivery (client_id, month, due_on, job_id, late)
      select client_id, month, effective_day, job_id, late or $2 from due
      order by client_id  -- the same order everywhere: no deadlock
      on conflict do nothing
      returning client_id, month, job_id
    ), started as (
      insert into job (id, client_id, kind, count, as_of, seed, cities, kinds)
      select d.job_id, c.id, 'scheduled', c.addresses_per_report,
             (public.clock() at time zone 'Europe/Paris')::date,
             hashtextextended(c.id::text || d.month, $4) & x'1fffffffffffff'::bigint,
             c.chosen_cities, c.property_type_preferences
      from delivery d join client c on c.id = d.client_id
      for key share of c
      returning *
    ), moved as (
      insert into movement (job_id, run, step, state)
      select id, run, 'scrape', 'running' from started
    ), counted as (
      update tick_handled set clients = (select count(*) from started)
      where kind = 'send_day' and due_on = $1
    )
    select id as job_id, client_id, kind, run, ladder, count, cities, kinds, as_of, seed, refresh
    from started
"""

# Whose day of last month passed unserved, too long ago for this tick to find it.
OUT_OF_REACH: Final = """
    select count(*)
    from client c
    cross join lateral (
      select (date_trunc('month', $1::date::timestamp) - interval '1 month')::date as month
    ) m
    cross join lateral (
      select least(m.month + c.send_day - 1,
                   (m.month + interval '1 month - 1 day')::date) as effective_day
    ) e
    where c.status = 'active' and e.effective_day >= c.active_since
      and e.effective_day < $1 - $2::int
      and not exists (
        select from monthly_delivery d where d.client_id = c.id and d.month = m.month)
"""


async def start_deliveries(
    conn: Connection, due_on: date, *, late: bool, catch_up_days: int, seed: int
) -> Deliveries | None:
    """Start a job for each client due; nothing if this tick was handled already."""
    if await conn.fetchval(TAKE_TICK, due_on) is None:
        return None
    rows = await conn.fetch(DELIVER, due_on, late, catch_up_days, seed)
    return Deliveries(
        begun=[process_event(row) for row in rows],
        out_of_reach=await conn.fetchval(OUT_OF_REACH, due_on, catch_up_days) or 0,
    )
