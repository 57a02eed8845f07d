"""I9: ticks are handled once, and what happened to a job and to a mail never goes back."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec

from services.gateway.domain.movements import Movement, adds, outcome
from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Each tick stands once, was said once and handled once; movements stand in the order of their"
    " runs, each says something new, and the job shows what they say; no failure is told twice,"
    " and no mail that was sent becomes anything else."
)

TICKS: Final = """
    with said as (
      select split_part(type, '.', 3) as kind, (event ->> 'due_on')::date as due_on
      from scheduler.outbox
      cross join lateral (select convert_from(payload, 'UTF8')::jsonb as event) as read
    ), handled as (
      select kind, due_on from gateway.tick_handled
      union all select kind, due_on from notifier.tick_handled
    ), tick as (
      select kind, due_on, count(*) as rows, bool_and(state = 'emitted') as emitted,
             (select count(*) from said s where (s.kind, s.due_on) = (t.kind, t.due_on)) as said,
             (select count(*) from handled h where (h.kind, h.due_on) = (t.kind, t.due_on)) as handled
      from scheduler.tick t
      where created_at > public.clock() - interval '29 days' -- older events are forgotten
      group by kind, due_on
    )
    select kind || ' stands ' || rows || ' times, was said ' || said || ' times, handled '
           || handled || ' times:' as what, due_on::text as id
    from tick where (rows, said, handled) <> (1, emitted::int, emitted::int)
    union all
    select kind || ' was ' || how || ', and there is no such tick:', due_on::text
    from (select 'said' as how, * from said union all select 'handled', * from handled) as known
    where (kind, due_on) not in (select kind, due_on from scheduler.tick)
    union all
    select 'deliveries ' || given || ', begun by ticks ' || begun, null
    from (select count(*) as given from gateway.monthly_delivery) as delivery,
         (select coalesce(sum(clients), 0) as begun from gateway.tick_handled
          where kind = 'send_day') as counted
    where given <> begun
"""

RUNS: Final = """
    with of_run as (
      select job_id, run, min(seq) as first, max(seq) as last, count(*) - count(seq) as unnumbered
      from gateway.movement group by job_id, run
    ), next as (
      select *, lead(first) over (partition by job_id order by run) as first_of_next from of_run
    )
    select 'movements without a number in run ' || run || ':', job_id from next where unnumbered > 0
    union all
    select 'run ' || run || ' went on when the next had begun:', job_id from next
    where last > first_of_next
"""

# The watchdog may have a run said once more.
BEGUN: Final = """
    with said as (
      select type, event ->> 'job_id' as job_id, (event ->> 'run')::int as run,
             (event ->> 'ladder')::int as ladder
      from gateway.outbox
      cross join lateral (select convert_from(payload, 'UTF8')::jsonb as event) as read
      where type in ('trackimmo.client.process.v1', 'trackimmo.job.failed.v1')
    )
    select 'run ' || said.run || ' was begun ' || count(*) || ' times:', said.job_id
    from said left join gateway.job on job.id::text = said.job_id
    where type = 'trackimmo.client.process.v1'
    group by said.job_id, said.run, job.restated_run
    having count(*) > 1 + (job.restated_run is not null)::int
    union all
    select 'ladder ' || ladder || ' failed ' || count(*) || ' times:', job_id from said
    where type = 'trackimmo.job.failed.v1' group by job_id, ladder having count(*) > 1
    union all
    select 'failure told of a closed run ' || said.run || ':', said.job_id from said
    join gateway.movement m on m.job_id::text = said.job_id and m.run = said.run and m.step = 'job'
    where type = 'trackimmo.job.failed.v1'
    union all
    select 'failure never told of ladder ' || ladder || ':', id::text from gateway.job
    where status = 'failed' and alerted_ladder is distinct from ladder
      and not exists (select from gateway.movement m
                      where m.job_id = job.id and m.run = job.run and m.step = 'job')
"""

MAILS: Final = """
    with said as (
      select event ->> 'mail_id' as mail_id, (event ->> 'version')::int as version,
             event ->> 'state' as state
      from notifier.outbox
      cross join lateral (select convert_from(payload, 'UTF8')::jsonb as event) as read
      where type = 'trackimmo.mail.settled.v1'
    )
    select 'version ' || version || ' of a mail was settled differently:', mail_id from said
    group by mail_id, version having count(distinct state) > 1
    union all
    select 'sent, and then ' || later.state || ':', mail_id
    from said join said as later using (mail_id)
    where said.state = 'sent' and later.version > said.version and later.state <> 'sent'
"""

MOVEMENTS: Final = """
    select m.job_id, m.run, m.step, m.state, m.detail, m.at, j.run = m.run as present, j.status
    from gateway.movement m join gateway.job j on j.id = m.job_id
    order by m.job_id, m.run, m.seq
"""


async def nothing_goes_back(observed: Observed) -> Verdict:
    """I9."""
    connection = observed.connection
    rows = [row for ask in (TICKS, RUNS, BEGUN, MAILS) for row in await connection.fetch(ask)]
    movements = await connection.fetch(MOVEMENTS)
    of_runs = groupby(movements, key=lambda row: (row["job_id"], row["run"]))
    wrong = [said for (job_id, _), run in of_runs for said in _wrong(job_id, list(run))]
    return verdict("I9", PROMISE, [*told(rows), *wrong])


def _wrong(job_id: object, rows: Sequence[Any]) -> Iterable[str]:
    known: list[Movement] = []
    for row in rows:
        movement = msgspec.convert(dict(row), Movement)
        if not adds(known, movement):
            yield f"{movement.step} {movement.state} says nothing new: {job_id}"
        known.append(movement)
    # How many retries were left is not written anywhere: both answers are right.
    shown = {outcome(known, last_attempt=last).status for last in (True, False)}
    if rows[0]["present"] and rows[0]["status"] not in shown:
        yield f"shown as {rows[0]['status']}, its movements say {' or '.join(sorted(shown))}: {job_id}"
