-- Jobs of each kind, in each state, with what happened to them.

insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds, run, ladder, attempt,
                         status, next_attempt_at, properties_assigned, error_message, alerted_ladder,
                         created_at, moved_at, last_attempt_at, updated_at)
select pg_temp.id('job ' || name), pg_temp.id(whose), kind, count, pg_temp.today(), 7,
       '{01053,01004}', '{house,apartment}', run, ladder, attempt, status,
       case status when 'pending' then public.clock() + interval '50 minutes' end,
       found, error, alerted, began, moved, moved, moved
from (values
  ('done', 'client', 'scheduled', 10, 1, 1, 1, 'completed', 10, null, null,
   pg_temp.ago('3 hours'), pg_temp.ago('175 minutes')),
  ('done before', 'client', 'scheduled', 10, 1, 1, 1, 'completed', 10, null, null,
   pg_temp.ago('31 days'), pg_temp.ago('31 days')),
  ('running', 'client', 'process', 20, 1, 1, 1, 'processing', null, null, null,
   pg_temp.ago('70 seconds'), pg_temp.ago('2 seconds')),
  ('mailing', 'client new', 'add', 5, 1, 1, 1, 'processing', 5, null, null,
   pg_temp.ago('4 minutes'), pg_temp.ago('1 minute')),
  ('waiting', 'client 1', 'scheduled', 10, 2, 1, 2, 'pending', null,
   '01053: 2019: geo-dvf: https://files.test/2019/01053.csv answers 503', null,
   pg_temp.ago('2 hours'), pg_temp.ago('10 minutes')),
  ('failed', 'client 2', 'process', 10, 4, 1, 4, 'failed', null,
   'Communes 01053 cannot be read: geo-dvf answers 404 to every year', 1,
   pg_temp.ago('9 hours'), pg_temp.ago('1 hour')),
  ('retried', 'client 3', 'scheduled', 10, 5, 2, 1, 'completed', 10, null, 1,
   pg_temp.ago('2 days'), pg_temp.ago('1 day')),
  ('few', 'client long', 'add', 1000, 1, 1, 1, 'completed', 3, null, null,
   pg_temp.ago('5 hours'), pg_temp.ago('5 hours')),
  ('none', 'client 4', 'process', 10, 1, 1, 1, 'completed', 0, null, null,
   pg_temp.ago('6 hours'), pg_temp.ago('6 hours')),
  ('cancelled', 'client 5', 'add', 10, 1, 1, 1, 'failed', null, 'cancelled by an operator', null,
   pg_temp.ago('7 hours'), pg_temp.ago('7 hours')),
  ('erased', 'client erased', 'scheduled', 10, 1, 1, 1, 'failed', null, 'the client is erased', null,
   pg_temp.ago('8 days'), pg_temp.ago('8 days')),
  ('trial', 'client test', 'test', 5, 1, 1, 1, 'completed', 5, null, null,
   pg_temp.ago('1 day'), pg_temp.ago('1 day')),
  ('hostile', 'client hostile', 'process', 100, 4, 1, 4, 'failed', null,
   pg_temp.hostile(13) || repeat('x', 300), 1, pg_temp.ago('90 minutes'), pg_temp.ago('1 hour'))
) as j (name, whose, kind, count, run, ladder, attempt, status, found, error, alerted, began, moved);

insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds, status,
                         properties_assigned, created_at, moved_at, updated_at)
select pg_temp.id('job ' || n), pg_temp.id('client ' || (1 + n % 60)), 'scheduled', 10,
       pg_temp.today(), n, '{01053}', '{house}', 'completed', 10, began, began, began
from generate_series(1, 120) as n, pg_temp.ago('40 days') as past,
  lateral (select past + n * interval '7 hours' as began) as b;

insert into gateway.movement (job_id, run, step, state, detail, at)
select pg_temp.id('job ' || job), run, step, state, detail::jsonb, pg_temp.ago(since)
from (values
  ('done', 1, 'scrape', 'running', '{"done":1,"total":9}', '180 minutes'),
  ('done', 1, 'scrape', 'running', '{"done":9,"total":9,"note":"01053: 2025"}', '179 minutes'),
  ('done', 1, 'scrape', 'done', '{}', '179 minutes'),
  ('done', 1, 'assign', 'running', '{"total":10}', '178 minutes'),
  ('done', 1, 'assign', 'done', '{"requested":10,"found":10}', '177 minutes'),
  ('done', 1, 'mail', 'running', '{}', '176 minutes'),
  ('done', 1, 'mail', 'sent', '{"version":1,"reason":"250 2.0.0 OK queued as 4F2A"}', '175 minutes'),
  ('running', 1, 'scrape', 'running', '{"done":1,"total":20}', '70 seconds'),
  ('running', 1, 'scrape', 'running', '{"done":7,"total":20,"note":"01053: 2021"}', '2 seconds'),
  ('mailing', 1, 'scrape', 'done', '{}', '4 minutes'),
  ('mailing', 1, 'assign', 'done', '{"requested":5,"found":5}', '3 minutes'),
  ('mailing', 1, 'mail', 'waiting', '{"note":"451 4.7.1 greylisted"}', '1 minute'),
  ('waiting', 1, 'scrape', 'failed', '{"reason":"geo-dvf answers 503"}', '2 hours'),
  ('waiting', 2, 'scrape', 'running', '{"done":3,"total":9}', '11 minutes'),
  ('waiting', 2, 'scrape', 'failed', '{"reason":"geo-dvf answers 503"}', '10 minutes'),
  ('failed', 1, 'scrape', 'failed', '{"reason":"geo-dvf answers 503"}', '9 hours'),
  ('failed', 2, 'scrape', 'failed', '{"reason":"geo-dvf answers 503"}', '7 hours'),
  ('failed', 3, 'scrape', 'failed', '{"reason":"timed out after 30 s"}', '4 hours'),
  ('failed', 4, 'scrape', 'failed', '{"reason":"geo-dvf answers 404","permanent":true}', '1 hour'),
  ('retried', 4, 'mail', 'failed', '{"reason":"550 5.1.1 no such user","version":1}', '47 hours'),
  ('retried', 5, 'scrape', 'done', '{"ladder":2}', '25 hours'),
  ('retried', 5, 'assign', 'done', '{"requested":10,"found":10}', '25 hours'),
  ('retried', 5, 'mail', 'unknown', '{"version":2,"reason":"connection lost after DATA"}', '24 hours'),
  ('few', 1, 'scrape', 'done', '{}', '5 hours'),
  ('few', 1, 'assign', 'done', '{"requested":1000,"found":3}', '5 hours'),
  ('few', 1, 'mail', 'suppressed', '{"version":1,"reason":"the client has unsubscribed"}', '5 hours'),
  ('none', 1, 'scrape', 'done', '{}', '6 hours'),
  ('none', 1, 'assign', 'done', '{"requested":10,"found":0}', '6 hours'),
  ('cancelled', 1, 'job', 'cancelled', '{"reason":"cancelled by an operator"}', '7 hours'),
  ('erased', 1, 'job', 'erased', '{"reason":"the client is erased"}', '8 days'),
  ('trial', 1, 'assign', 'done', '{"requested":5,"found":5}', '1 day')
) as m (job, run, step, state, detail, since);

insert into gateway.movement (job_id, run, step, state, detail, at)
select pg_temp.id('job hostile'), run, 'scrape', state,
       jsonb_build_object('note', pg_temp.hostile(14), 'reason', pg_temp.hostile(15)),
       pg_temp.ago('90 minutes')
from generate_series(1, 4) as run, unnest(array['running', 'failed']) as state;

insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
select client_id, date_trunc('month', created_at)::date, created_at::date, id, id = pg_temp.id('job done')
from gateway.job where kind = 'scheduled' on conflict do nothing;
