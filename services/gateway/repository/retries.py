"""Jobs that wait for their next run."""

from typing import Final

from libs.common.postgres import Connection
from services.gateway.handlers.retries import Due
from services.gateway.repository.jobs import process_event

# Whoever else is starting the same jobs is left alone: it commits, or they stay due.
BEGIN_DUE: Final = """
    with due as (
      select id, client_id from job
      where status = 'pending' and ($1 or next_attempt_at <= public.clock())
      order by next_attempt_at, id limit $2
      for update skip locked
    ), begun as (
      update job j
      set run = j.run + 1, attempt = j.attempt + 1, status = 'processing',
          next_attempt_at = null, error_message = null,
          cities = c.chosen_cities, kinds = c.property_type_preferences,
          last_attempt_at = public.clock(), moved_at = public.clock(), updated_at = public.clock()
      from due join client c on c.id = due.client_id
      where j.id = due.id
        and (c.status = 'active' or (c.status = 'test' and j.kind = 'test'))
      returning j.*
    ), moved as (
      insert into movement (job_id, run, step, state)
      select id, run, 'scrape', 'running' from begun
    )
    select due.id as due_id, b.id as job_id, b.client_id, b.kind, b.run, b.ladder, b.count,
           b.cities, b.kinds, b.as_of, b.seed, b.refresh
    from due left join begun b on b.id = due.id
"""


async def begin_due_runs(conn: Connection, *, early: bool, limit: int) -> Due:
    """Begin a run of each job that is due, with the cities and kinds that its client has now."""
    rows = await conn.fetch(BEGIN_DUE, early, limit)
    return Due(
        begun=[process_event(row) for row in rows if row["job_id"]],
        orphaned=[row["due_id"] for row in rows if not row["job_id"]],
    )
