-- Mails of every kind in every state, with what servers said. Bodies of some come from world.py.

insert into notifier.mail (id, kind, subject_id, period, message_id, client_id, job_id, job_kind, run,
                           ladder, detail, state, version, attempts, tries, next_try_at, give_up_at,
                           lease_until, evidence, created_at, updated_at)
select pg_temp.id('mail ' || kind || ' ' || state),
       kind, pg_temp.id('subject ' || kind || ' ' || state), case kind when 'monthly' then '2026-11' else '' end,
       '<' || pg_temp.id('mail ' || kind || ' ' || state) || '@trackimmo.example>',
       case when kind <> 'test' then pg_temp.id(whose) end,
       case when of_job then pg_temp.id(job) end, case when of_job then 'scheduled' end,
       case when of_job then 1 end, case when of_job then 1 end,
       case kind when 'test' then '{"template_type":"config","recipient":"ops@trackimmo.example"}'
         else '{}' end::jsonb,
       state, case when state in ('pending', 'claimed', 'handing_off') then 0 else 1 end, tried, tried,
       case state when 'pending' then public.clock() + interval '8 minutes' end,
       public.clock() + interval '20 hours',
       case when state in ('claimed', 'handing_off') then public.clock() + interval '1 minute' end,
       said, began, began + interval '1 minute'
from unnest(array['notification', 'insufficient', 'error', 'monthly', 'welcome', 'test']) with ordinality as k (kind, nth),
  (values
    ('pending', 'client new', 2, '451 4.7.1 greylisted, try again in 5 minutes'),
    ('claimed', 'client 6', 0, ''),
    ('handing_off', 'client 7', 0, ''),
    ('sent', 'client', 1, '250 2.0.0 OK queued as 4F2A'),
    ('failed', 'client long', 3, '550 5.1.1 no such user here'),
    ('unknown', 'client', 1, 'connection lost after DATA, before the reply'),
    ('suppressed', 'client hostile', 0, 'the client has unsubscribed')
  ) as s (state, whose, tried, said),
  lateral (select kind in ('notification', 'insufficient', 'error') as of_job,
                  case whose when 'client' then 'job done' when 'client long' then 'job few'
                    when 'client new' then 'job mailing' else 'job hostile' end as job,
                  pg_temp.ago('2 hours') - nth * interval '7 minutes' as began) as more;

insert into notifier.mail (id, kind, subject_id, message_id, client_id, state, version, attempts,
                           give_up_at, evidence, created_at)
values (pg_temp.id('mail hostile'), 'welcome', pg_temp.id('client hostile'), '<' || pg_temp.hostile(21) || '@x>',
        pg_temp.id('client hostile'), 'unknown', 1, 2, public.clock() + interval '1 day', pg_temp.hostile(22),
        pg_temp.ago('50 minutes'));

insert into notifier.mail (id, kind, subject_id, period, message_id, client_id, state, version, attempts,
                           give_up_at, evidence, created_at)
select pg_temp.id('mail ' || n), 'monthly', pg_temp.id('client ' || (1 + n % 60)), 'p' || n,
       '<m' || n || '@trackimmo.example>', pg_temp.id('client ' || (1 + n % 60)), 'sent', 1, 1,
       public.clock() + interval '1 day', '250 2.0.0 OK queued as ' || n, pg_temp.ago('30 days') + n * interval '3 hours'
from generate_series(1, 120) as n;

insert into notifier.mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome, tried_at)
select mail.id, number, case mail.state when 'unknown' then 'DATA' when 'failed' then 'RCPT' else 'DATA' end,
       case when number < mail.attempts then 451 when mail.state = 'sent' then 250
            when mail.state = 'failed' then 550 end,
       case when mail.id = pg_temp.id('mail hostile') then pg_temp.hostile(23)
            when number < mail.attempts then '451 4.7.1 greylisted' else mail.evidence end,
       120 + number * 31,
       case when number < mail.attempts then 'pending' else mail.state end,
       mail.created_at + number * interval '5 minutes'
from notifier.mail, generate_series(1, mail.attempts) as number
where mail.kind <> 'monthly' or mail.period !~ '^p';

insert into notifier.sending (smtp_server, smtp_port, smtp_security, with_login, email_sender, id_domain)
values ('mail.trackimmo.example', 587, 'starttls', true, 'TrackImmo <contact@trackimmo.example>',
        'trackimmo.example');
