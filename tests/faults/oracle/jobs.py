"""I1: what was accepted is there, has ended, and ended well."""

from typing import Final

from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Every accepted client and job is there, every job has ended, well where it could;"
    " whoever was due has one delivery."
)

CLIENTS: Final = """
    select 'accepted client is gone:', client_id from unnest($1::uuid[]) as client_id
    where not exists (select from gateway.client where id = client_id)
    union all
    select 'erased client is there:', client_id from unnest($2::uuid[]) as client_id
    where exists (select from gateway.client where id = client_id)
       or not exists (select from gateway.erased_client where id = client_id)
"""

JOBS: Final = """
    with accepted as (
      select * from unnest($1::uuid[], $2::uuid[]) as accepted (job_id, client_id))
    select 'accepted job is gone:', accepted.job_id from accepted
    where not exists (
      select from gateway.job
      where id = accepted.job_id and job.client_id = accepted.client_id)
    union all
    select 'job that nobody asked for:', id from gateway.job
    where kind <> 'scheduled' and client_id <> all($3::uuid[])
      and not exists (select from accepted where accepted.job_id = job.id)
    union all
    select 'job is ' || status || ':', id from gateway.job
    where status in ('processing', 'pending')
       or (status = 'failed' and client_id <> all($3::uuid[] || $4::uuid[]))
    union all
    select 'job without a movement:', id from gateway.job
    where not exists (select from gateway.movement where job_id = job.id)
"""

# `seq` is the order of commits, whatever the clock was made to show.
SIDE_BY_SIDE: Final = """
    with process as (
      select job.id, client_id, min(seq) as begun,
             min(seq) filter (where state in ('sent', 'unknown', 'suppressed')
                                 or detail -> 'found' = '0') as completed,
             max(seq) as last
      from gateway.job join gateway.movement on job_id = job.id
      where kind = 'process'
      group by job.id, client_id
    )
    select 'began while another of its client was open:', later.id
    from process earlier join process later using (client_id)
    where later.begun > earlier.begun
      and later.begun < coalesce(earlier.completed, earlier.last)
"""

DELIVERIES: Final = """
    with due as (
      select * from unnest($1::uuid[], $2::int[]) as due (client_id, deliveries))
    select 'client due has ' || count(d.job_id) || ' deliveries, ' || count(j.id)
           || ' scheduled jobs:', due.client_id
    from due
    left join gateway.monthly_delivery d on d.client_id = due.client_id
    left join gateway.job j
      on j.id = d.job_id and j.client_id = d.client_id and j.kind = 'scheduled'
    group by due.client_id, due.deliveries
    having count(d.job_id) <> due.deliveries or count(j.id) <> due.deliveries
    union all
    select 'delivered without being due:', client_id from gateway.monthly_delivery
    where client_id not in (select client_id from due) and client_id <> all($3::uuid[])
    union all
    select 'scheduled job without its delivery:', id from gateway.job
    where kind = 'scheduled'
      and not exists (select from gateway.monthly_delivery d where d.job_id = job.id)
"""


async def every_job_ends(observed: Observed) -> Verdict:
    """I1."""
    ledger, connection = observed.ledger, observed.connection
    clients, erased = list(ledger.clients - ledger.erased), list(ledger.erased)
    due = {one: ledger.deliveries.get(one, 1) for one in ledger.due - ledger.erased}
    accepted = list(ledger.jobs), list(ledger.jobs.values())
    found = [
        *await connection.fetch(CLIENTS, clients, erased),
        *await connection.fetch(JOBS, *accepted, erased, list(ledger.may_fail)),
        *await connection.fetch(SIDE_BY_SIDE),
        *await connection.fetch(DELIVERIES, list(due), list(due.values()), erased),
    ]
    return verdict("I1", PROMISE, told(found))
