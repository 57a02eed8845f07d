"""I7: nobody holds on to anything: no lease, no transaction, no lock, no session too many."""

from datetime import timedelta
from typing import Final

from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Nobody holds on to anything: no lease has run out, no transaction stays open, no lock has"
    " another owner than a relay, no service has more sessions than it may; every answer that is"
    " kept is whole."
)

LEASES: Final = """
    select kind || ' is ' || state || ' beyond its lease:', id::text from notifier.mail
    where lease_until < public.clock()
    union all
    select 'refresh is running beyond its lease:', id::text from scraper.refresh
    where lease_until < public.clock()
    union all
    select 'position is asked for beyond its deadline:', job_id::text
    from assigner.awaited_position where deadline < public.clock() - interval '30 seconds'
    union all
    select 'refresh has ' || count(*) || ' answers for one file, ' || year || ':', refresh_id::text
    from scraper.download
    group by refresh_id, insee_code, year, url having count(*) > 1
"""

# By the real clock: a session knows no other.
SESSIONS: Final = """
    with session as (
      select pid, usename, state, xact_start from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    )
    select 'transaction of the ' || usename || ' open for '
           || extract(epoch from clock_timestamp() - xact_start)::int || ' s' as what, null as id
    from session where xact_start < clock_timestamp() - $3::interval
    union all
    select usename || ' has ' || count(*) || ' sessions, at most ' || most, null
    from session join unnest($1::text[], $2::int[]) as may (usename, most) using (usename)
    group by usename, most having count(*) > most
"""

# A relay keeps its lock for its session; any other is for a transaction, and none is under way.
LOCKS: Final = """
    select 'lock ' || classid || '/' || objid || ' is kept by a session of ' || usename, null
    from pg_locks
    join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and pid <> pg_backend_pid()
      and pg_locks.database = (select oid from pg_database where datname = current_database())
      and (xact_start is null or xact_start < clock_timestamp() - $1::interval)
      and (classid, objid, objsubid)
          <> ((hashtext('relay')::bigint & 4294967295)::oid,
              (hashtext(usename)::bigint & 4294967295)::oid, 2)
"""

# An answer without content has no body.
ANSWERS: Final = """
    with answer as (
      select route, key, convert_from(body, 'UTF8') as body, client_id from gateway.idempotency
    ), said as (
      select route, client_id, case when body = '' then '{}' else body::jsonb end as said
      from answer where body is json or body = ''
    )
    select 'answer kept in part: ' || route, null from answer where not (body is json or body = '')
    union all
    select 'answer about a job that is not there:', said ->> 'job_id' from said
    where said ? 'job_id' and not exists (
      select from gateway.job where id::text = said ->> 'job_id')
    union all
    select 'answer about a client who is not there:', said ->> 'client_id' from said
    where said ? 'client_id' and not exists (
      select from gateway.client where id::text = said ->> 'client_id')
"""

LONGEST: Final = timedelta(seconds=30)
"""How long a transaction may be open."""
SESSIONS_MOST: Final = {
    "gateway": 32, "scraper": 18, "assigner": 18, "notifier": 20, "scheduler": 8
}  # fmt: skip
"""Of one process: its pools at their fullest, what keeps a connection of its own, probes."""


async def nobody_holds_on(observed: Observed) -> Verdict:
    """I7."""
    connection, replicas = observed.connection, observed.ledger.replicas
    most = {name: number * replicas.get(name, 1) for name, number in SESSIONS_MOST.items()}
    found = [
        *await connection.fetch(LEASES),
        *await connection.fetch(SESSIONS, list(most), list(most.values()), LONGEST),
        *await connection.fetch(LOCKS, LONGEST),
        *await connection.fetch(ANSWERS),
    ]
    return verdict("I7", PROMISE, told(found))
