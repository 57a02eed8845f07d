-- migrate:up
set local role notifier_owner;

-- A mail is sent long after it was asked for, and perhaps by another process.
alter table notifier.mail add column traceparent text not null default '';
comment on column notifier.mail.traceparent is 'What asked for it last, as W3C Trace Context names it';

alter table notifier.mail_attempt add column trace_id text not null default '';

reset role;

-- migrate:down
