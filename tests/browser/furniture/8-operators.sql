-- Keys in force, revoked and never used; what operators did.

insert into gateway.api_key (id, name, prefix, key_hash, scopes, created_at, last_used_at, revoked_at)
values
  (pg_temp.id('key crm'), 'CRM', 'tik_00cr', sha256('crm'), '{client}', pg_temp.ago('60 days'),
   pg_temp.ago('1 minute'), null),
  (pg_temp.id('key hostile'), pg_temp.hostile(27), 'tik_00ho', sha256('ho'), '{client,admin}',
   pg_temp.ago('30 days'), null, null),
  (pg_temp.id('key revoked'), 'Ancien partenaire', 'tik_00re', sha256('re'), '{client}',
   pg_temp.ago('300 days'), pg_temp.ago('90 days'), pg_temp.ago('80 days'));

insert into gateway.audit (at, actor, action, target, request_id, detail)
select pg_temp.ago('1 minute') - n * interval '37 minutes', (array['env:admin', 'tik_00ho'])[1 + n % 2],
       (array['job.retry', 'job.cancel', 'dead_letter.replay', 'mail.resolve', 'city.refresh',
              'schedule.run', 'client.erase', 'api_key.revoke', 'import.request'])[1 + n % 9],
       pg_temp.id('job ' || n)::text, 'request-' || n, jsonb_build_object('ladder', n)
from generate_series(1, 130) as n;

insert into gateway.audit (actor, action, target, request_id, detail)
values (pg_temp.hostile(28), pg_temp.hostile(29), pg_temp.hostile(30), pg_temp.hostile(31),
        jsonb_build_object(pg_temp.hostile(32), pg_temp.hostile(33)));

-- How the system was for two days, as the gateway writes it; a wave of work each day.
insert into gateway.vital (at, lag, oldest_wait_seconds, errors, mails_sent)
select date_bin('30 seconds', public.clock(), 'epoch') - n * interval '30 seconds',
       case when n % 700 > 20 then greatest(0, (6 * sin(n / 11.0) + 9 * sin(n / 500.0))::int) end,
       0.4 + 0.3 * sin(n / 7.0), case when n % 211 = 0 then 1 else 0 end,
       greatest(0, (5 * cos(n / 13.0))::int)
from generate_series(1, 5760) as n
on conflict (at) do nothing; -- the gateway's own row of this moment

insert into gateway.lag_look (looked_at, answered_at)
values (pg_temp.ago('20 seconds'), pg_temp.ago('20 seconds'))
on conflict (only_one) do update set answered_at = excluded.answered_at;
insert into gateway.lag_group (consumer_group, members)
values ('gateway', 1), ('scraper', 2), ('assigner', 1), ('notifier', 0)
on conflict (consumer_group) do update set members = excluded.members;
insert into gateway.lag_partition (consumer_group, topic, partition, first_offset, end_offset, committed,
                                   oldest_at, moved_at)
select name, topic, part, 0, 1200 + part, case when name = 'notifier' then 1166 + part else 1200 + part end,
       case name when 'notifier' then pg_temp.ago('75 seconds') end, pg_temp.ago('90 seconds')
from (values ('scraper', 'client.process'), ('assigner', 'properties.ready'),
             ('notifier', 'properties.assigned'), ('gateway', 'mail.settled')) as g (name, topic),
  generate_series(0, 2) as part;
insert into gateway.lag_sample (at, consumer_group, topic, lag, oldest_seconds)
select date_bin('30 seconds', public.clock(), 'epoch') - n * interval '30 seconds', name, topic,
       greatest(0, (30 * sin(n / 300.0))::int), greatest(0, 20 * sin(n / 300.0))
from (values ('scraper', 'client.process'), ('assigner', 'properties.ready'),
             ('notifier', 'properties.assigned'), ('gateway', 'mail.settled')) as g (name, topic),
  generate_series(1, 2880, 2) as n;
