"""Jobs that stand still: nothing was heard of them, or their retry has not begun in time."""

from typing import Final

from libs.telemetry.metrics import SqlGauge

# A mail waits for as long as its owner says so: of a settled one whose news were lost, its job
# would never hear.
UNEXPLAINED: Final = """
    j.status = 'processing'
    and not exists (
      select from movement m
      join notifier.mail_overview o
        on o.kind = 'notification' and o.subject_id = m.job_id and o.period = ''
      where m.job_id = j.id and m.run = j.run and m.step = 'mail' and m.state = 'waiting'
        and o.state in ('pending', 'claimed', 'handing_off'))
    and not exists (
      select from scraper.refresh_overview r
      where r.state in ('queued', 'running')
        and (r.insee_code = any(j.cities)
             or exists (select from scraper.place_overview p
                        where p.insee_code = any(j.cities) and r.insee_code = any(p.expands_to))))
"""
"""Of a job `j` something should have been heard: it waits neither for its mail nor for a city."""

COUNT_STALLED: Final = f"""
    select 'silent' as how, count(*)::int as jobs from job j
    where j.moved_at <= public.clock() - interval '15 minutes' and {UNEXPLAINED}
    union all
    select 'overdue', count(*)::int from job
    where status = 'pending' and next_attempt_at < public.clock() - interval '5 minutes'
"""  # noqa: S608 - our own words

GAUGES: Final = (
    SqlGauge(
        name="jobs_stalled",
        help="Jobs that have not moved for 15 minutes, and retries that have not begun in time.",
        labels=("how",),
        sql=COUNT_STALLED,
    ),
)
