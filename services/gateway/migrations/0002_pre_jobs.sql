-- migrate:up
set local role gateway_owner;

-- No foreign key to the client: a job outlives an erased client.
create table gateway.job (
  id uuid primary key default uuidv7(),
  client_id uuid not null,
  kind text not null check (kind in ('scheduled', 'process', 'add', 'test')),
  -- fixed when the job is accepted
  count int not null check (count between 1 and 1000),
  as_of date not null,
  seed bigint not null check (seed >= 0),
  refresh boolean not null default true,
  -- read anew from the client for each run
  cities text[] not null check (cardinality(cities) >= 1),
  kinds text[] not null check (cardinality(kinds) >= 1),
  -- where the job stands
  run int not null default 1 check (run >= 1),
  ladder int not null default 1 check (ladder >= 1),
  attempt int not null default 1 check (attempt >= 1),
  status text not null default 'processing'
    check (status in ('processing', 'pending', 'completed', 'failed')),
  next_attempt_at timestamptz,
  properties_assigned int check (properties_assigned >= 0),
  error_message text,
  alerted_ladder int check (alerted_ladder between 1 and ladder),
  restated_run int check (restated_run between 1 and run),
  restated_at timestamptz,
  last_attempt_at timestamptz not null default public.clock(),
  moved_at timestamptz not null default public.clock(),
  created_at timestamptz not null default public.clock(),
  updated_at timestamptz not null default public.clock(),
  constraint only_pending_waits check ((status = 'pending') = (next_attempt_at is not null)),
  constraint failure_has_a_reason check (status not in ('pending', 'failed') or error_message is not null),
  constraint attempt_within_life check (attempt + ladder - 1 <= run),
  constraint restated_when check ((restated_run is null) = (restated_at is null))
);
comment on column gateway.job.run is 'counts the runs of the whole life';
comment on column gateway.job.ladder is 'one more for each retry by an operator';
comment on column gateway.job.attempt is 'the runs of the present ladder';
comment on column gateway.job.status is 'derived from the movements of the run, kept here for readers';
comment on column gateway.job.alerted_ladder is 'the last ladder for which job.failed was written';
comment on column gateway.job.restated_run is 'the run whose client.process the watchdog wrote again';

create unique index job_one_open_process on gateway.job (client_id)
  where kind = 'process' and status in ('processing', 'pending');
create index job_client on gateway.job (client_id, created_at desc, id);
create index job_due on gateway.job (next_attempt_at) where status = 'pending';
create index job_silent on gateway.job (moved_at) where status = 'processing';
create index job_newest on gateway.job (created_at desc, id);

-- What happened to a job. Rows are added, never changed; `seq` is given at commit, in the order
-- of commits, so that a reader may go on after the last one it saw.
create sequence gateway.movement_seq;

create table gateway.movement (
  id bigint generated always as identity primary key,
  seq bigint unique,
  job_id uuid not null references gateway.job on delete cascade,
  run int not null check (run >= 1),
  step text not null,
  state text not null,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  at timestamptz not null default public.clock(),
  check (case step
    when 'scrape' then state in ('running', 'done', 'failed')
    when 'assign' then state in ('running', 'done', 'failed')
    when 'mail' then state in ('running', 'waiting', 'broken', 'sent', 'failed', 'unknown', 'suppressed')
    when 'job' then state in ('cancelled', 'erased')
    else false end)
);
create index movement_job on gateway.movement (job_id, run, id);

-- Deferred, the lock is the last thing before commit whatever else the transaction does: nobody
-- waits for a job while holding it, and commits follow each other in the order of `seq`.
create function gateway.number_movement() returns trigger
language plpgsql
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('gateway.movement', 0));
  update gateway.movement set seq = nextval('gateway.movement_seq') where id = new.id;
  return null;
end
$$;

create constraint trigger number_movement after insert on gateway.movement
  deferrable initially deferred for each row execute function gateway.number_movement();

reset role;

-- migrate:down
