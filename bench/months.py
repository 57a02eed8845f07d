"""A house of many months: 10,000 clients and 100,000 jobs with their homes, mails and dead letters."""

from typing import Final

from bench import clients
from bench.cluster import Database

CLIENTS: Final = 10_000
JOBS: Final = 100_000
HOMES: Final = 5
"""Of each job."""
SIZES: Final = (
    f"{CLIENTS:,} clients, {JOBS:,} jobs, {JOBS * HOMES:,} homes delivered, {JOBS:,} mails"
)

ORDERED: Final = """
    create temporary table ordered as
    select id, row_number() over (order by email) - 1 as number, chosen_cities from gateway.client;
    create temporary table asked as
    select uuidv7() as job_id, o.id as client_id, o.number, month, chosen_cities,
           public.clock() - month * interval '30 days' - o.number % 86400 * interval '1 second' as at,
           case when month > 0 or o.number % 10 < 7 then 'completed'
                when o.number % 10 = 7 then 'failed' when o.number % 10 = 8 then 'pending'
                else 'processing' end as status
    from ordered o, generate_series(0, 9) as month
"""
JOBS_DONE: Final = """
    insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds, status,
                             next_attempt_at, properties_assigned, error_message, last_attempt_at,
                             moved_at, created_at, updated_at)
    select job_id, client_id, 'scheduled', 10, at::date, number, chosen_cities, '{house}', status,
           case status when 'pending' then at + interval '31 days' end,
           case status when 'completed' then 5 end,
           case when status in ('failed', 'pending') then 'No sales file answers' end, at, at, at, at
    from asked;
    insert into gateway.movement (seq, job_id, run, step, state, at)
    select row_number() over (order by at), job_id, 1, step, state, at from asked,
      (values ('scrape', 'done'), ('assign', 'done'), ('mail', 'sent')) as m (step, state)
    where status = 'completed'
"""
GIVEN: Final = """
    insert into assigner.choice (job_id, client_id, requested, found, as_of, seed, cities, tried, chosen_at)
    select job_id, client_id, 10, 5, at::date, number, chosen_cities, '{}', at
    from asked where status = 'completed';
    create temporary table stock as
    select *, row_number() over (order by home_key) - 1 as place from scraper.property;
    create unique index on stock (place);
    insert into assigner.home (home_key, address_id) select home_key, uuidv7() from stock;
    insert into assigner.assignment (client_id, home_key, assigned_at, job_id, position, property_id,
                                     insee_code, city_name, postal_code, address, kind, sold_on,
                                     price_eur, surface_m2, rooms, latitude, longitude, source, edition)
    select client_id, home_key, at, job_id, n, property_id, insee_code, city_name, postal_code, address,
           kind, sold_on, price_eur, surface_m2, rooms, latitude, longitude, source, edition
    from asked, generate_series(1, 5) as n, stock
    where status = 'completed' and place = (number * 50 + month * 5 + n) % 150000
"""
MAILED: Final = """
    insert into notifier.mail (id, kind, subject_id, message_id, client_id, job_id, job_kind, run, ladder,
                               state, version, attempts, tries, give_up_at, evidence, created_at, updated_at)
    select uuidv7(), 'notification', job_id, format('<%s@trackimmo.example>', job_id), client_id, job_id,
           'scheduled', 1, 1, case when number % 500 = 3 and month = 0 then 'unknown' else 'sent' end,
           1, 1, 1, at + interval '1 day', '250 2.0.0 taken', at, at
    from asked where status = 'completed';
    insert into gateway.audit (actor, action, target, request_id, detail, at)
    select 'env:admin', 'job.retry', job_id::text, '', '{}', at from asked where number % 10 = 0
"""


async def fill(database: Database) -> None:
    """All of it, as months of work would have left it; triggers and constraints rest meanwhile."""
    await clients.fill(database, CLIENTS)
    connection = await database.connect()
    await connection.execute("set session_replication_role = replica")
    for statements in (ORDERED, JOBS_DONE, GIVEN, MAILED):
        await connection.execute(statements)
    await connection.execute("vacuum analyze")
