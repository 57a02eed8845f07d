-- Days that were done, done late, missed, asked for by hand, and not handled yet.

insert into scheduler.tick (kind, due_on, state, late, requested, created_at)
select kind, pg_temp.today() - n, case n when 9 then 'missed' else 'emitted' end, n in (4, 9), n = 2,
       pg_temp.ago('1 second') - n * interval '1 day'
from unnest(array['send_day', 'pre_notification']) as kind, generate_series(0, 40) as n;

insert into gateway.tick_handled (kind, due_on, handled_at, clients)
select 'send_day', pg_temp.today() - n, pg_temp.ago('1 second') - n * interval '1 day', n % 5
from generate_series(1, 40) as n where n <> 9;

insert into notifier.tick_handled (kind, due_on, handled_at, clients)
select 'pre_notification', pg_temp.today() - n, pg_temp.ago('1 second') - n * interval '1 day', n % 5
from generate_series(1, 40) as n where n <> 9;
