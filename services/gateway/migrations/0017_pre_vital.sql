-- migrate:up
set local role gateway_owner;

-- How the system was, every 30 seconds for two days: the console draws it. Whichever gateway comes
-- first writes a slot; all of them would write the same.
create table gateway.vital (
  at timestamptz primary key,
  lag bigint check (lag >= 0),
  oldest_wait_seconds float8 not null check (oldest_wait_seconds >= 0),
  errors int not null check (errors >= 0),
  mails_sent int not null check (mails_sent >= 0)
);
comment on column gateway.vital.lag is 'events that wait on the bus; null while nobody knows';
comment on column gateway.vital.oldest_wait_seconds is 'since the oldest event waits in an outbox';
comment on column gateway.vital.errors is 'steps that failed and messages held, in the 30 seconds before';
comment on column gateway.vital.mails_sent is 'in the 30 seconds before';

-- Operators look for the few that failed, among all that did not.
create index job_failed on gateway.job (created_at desc, id) where status = 'failed';
create index movement_failed on gateway.movement (at) where state in ('failed', 'broken');

reset role;

-- migrate:down
