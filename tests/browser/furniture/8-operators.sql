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
