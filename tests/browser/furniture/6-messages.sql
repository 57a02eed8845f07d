-- Messages that could not be handled, of three classes on four services, and what waits to be sent.

do $$
declare
  service text;
begin
  foreach service in array array['gateway', 'scraper', 'assigner', 'notifier'] loop
    execute format($f$
      insert into %1$I.held_message (id, consumer, event_id, topic, partition, "offset", key, headers, raw,
                                     raw_sha256, reason, error, attempts, state, next_attempt_at,
                                     created_at, updated_at)
      select pg_temp.id('held %1$s ' || n), %1$L, pg_temp.id('event ' || n),
             (array['client.process', 'step.failed', 'mail.settled'])[1 + n %% 3], n %% 3, 1000 + n,
             convert_to(pg_temp.id('client')::text, 'UTF8'),
             jsonb_build_array(
               jsonb_build_array('ce_id', encode(convert_to(pg_temp.id('event ' || n)::text, 'UTF8'), 'base64')),
               jsonb_build_array('ce_type', encode('trackimmo.client.process.v1'::bytea, 'base64'))),
             case n %% 3 when 0 then convert_to(jsonb_build_object('job_id', pg_temp.id('job done'),
                                                  'note', pg_temp.hostile(24))::text, 'UTF8')
               when 1 then '\x00ff10'::bytea || convert_to(pg_temp.hostile(25), 'UTF8')
               else '{"job_id": 7}'::bytea end,
             sha256(('%1$s ' || n)::bytea),
             (array['ValidationError', 'PermanentError', 'CheckViolationError'])[1 + n %% 3],
             (array['ValidationError: Expected `uuid`, got `int` - at `$.job_id`',
                    'PermanentError: ' || pg_temp.hostile(26),
                    'CheckViolationError: new row violates check constraint "known_kind"'])[1 + n %% 3],
             4, case when n <= 12 then 'dead' when n = 13 then 'waiting' when n = 14 then 'done'
                  else 'discarded' end,
             case n when 13 then public.clock() + interval '4 minutes' end,
             pg_temp.ago('3 hours') + n * interval '5 minutes', pg_temp.ago('1 hour')
      from generate_series(1, 15) as n
    $f$, service);
    execute format($f$
      insert into %I.pulse (process, beat_at) values (%L, public.clock())
      on conflict do nothing $f$, service, service || '-1');
  end loop;
end $$;

insert into scraper.outbox (topic, key, type, payload, created_at)
select 'properties.ready', n::text, 'trackimmo.properties.ready.v1', '{}', pg_temp.ago('12 seconds')
from generate_series(1, 34) as n;

insert into notifier.pulse (process, beat_at, stuck_since)
values ('notifier-2', public.clock(), pg_temp.ago('40 seconds'));
