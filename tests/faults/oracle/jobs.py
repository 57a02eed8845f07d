"""I1: what was accepted is there, has ended, and ended well."""

from typing import Final

from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Every accepted job and client is there, every job has ended, and well where it could;"
    " whoever was due has one delivery."
)

JOBS: Final = """
    select 'accepted client is gone:', client_id from unnest($1::uuid[]) as client_id
    where not exists (select from gateway.client where id = client_id)
    union all
    select 'erased client is there:', client_id from unnest($2::uuid[]) as client_id
    where exists (select from gateway.client where id = client_id)
       or not exists (select from gateway.erased_client where id = client_id)
    union all
    select 'accepted job is gone:', accepted.job_id
    from unnest($3::uuid[], $4::uuid[]) as accepted (job_id, client_id)
    where not exists (
      select from gateway.job
      where id = accepted.job_id and job.client_id = accepted.client_id)
    union all
    select 'job is ' || status || ':', id from gateway.job
    where status in ('processing', 'pending')
       or (status = 'failed' and client_id <> all($5::uuid[]))
    union all
    select 'job without a movement:', id from gateway.job
    where not exists (select from gateway.movement where job_id = job.id)
"""

# Over all months: a run that lasts a day knows one of them.
DELIVERIES: Final = """
    select 'client due has ' || count(d.job_id) || ' deliveries and ' || count(j.id)
           || ' scheduled jobs:', due.client_id
    from unnest($1::uuid[]) as due (client_id)
    left join gateway.monthly_delivery d on d.client_id = due.client_id
    left join gateway.job j on j.id = d.job_id and j.client_id = d.client_id and j.kind = 'scheduled'
    group by due.client_id
    having count(d.job_id) <> 1 or count(j.id) <> 1
    union all
    select 'scheduled job without its delivery:', id from gateway.job
    where kind = 'scheduled'
      and not exists (select from gateway.monthly_delivery where job_id = job.id)
    union all
    select 'delivery of a client not due:', d.client_id from gateway.monthly_delivery d
    where d.client_id <> all($1::uuid[])
"""


async def every_job_ends(observed: Observed) -> Verdict:
    """I1."""
    ledger, connection = observed.ledger, observed.connection
    jobs = await connection.fetch(
        JOBS,
        list(ledger.clients - ledger.erased),
        list(ledger.erased),
        list(ledger.jobs),
        list(ledger.jobs.values()),
        list(ledger.may_fail | ledger.erased),
    )
    deliveries = await connection.fetch(DELIVERIES, list(ledger.due))
    return verdict("I1", PROMISE, told([*jobs, *deliveries]))
