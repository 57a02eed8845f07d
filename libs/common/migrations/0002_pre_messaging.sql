-- migrate:up

-- Outbox, inbox and held messages are made by one function, the same in every schema.
create function public.create_messaging(service text) returns void
language plpgsql
as $body$
begin
  execute format('set local role %I', service || '_owner');
  execute format('set local search_path = %I, public', service);

  create table outbox (
    id uuid primary key default uuidv7(),
    seq bigint generated always as identity,
    topic text not null,
    key text not null,
    type text not null,
    payload bytea not null,
    headers jsonb not null default '{}',
    created_at timestamptz not null default public.clock(),
    published_at timestamptz,
    attempts int not null default 0,
    last_error text
  );
  create index outbox_unpublished on outbox (seq) where published_at is null;
  create index outbox_created on outbox (created_at);

  create table inbox (
    consumer text not null,
    event_id uuid not null,
    handled_at timestamptz not null default public.clock(),
    primary key (consumer, event_id)
  );
  create index inbox_handled on inbox (handled_at);

  create table held_message (
    id uuid primary key default uuidv7(),
    consumer text not null,
    event_id uuid,
    topic text not null,
    partition int not null,
    "offset" bigint not null,
    key bytea,
    headers jsonb not null,
    raw bytea,
    raw_sha256 bytea not null,
    reason text not null,
    error text not null,
    attempts int not null default 0,
    state text not null check (state in ('waiting', 'dead', 'done', 'discarded')),
    next_attempt_at timestamptz,
    created_at timestamptz not null default public.clock(),
    updated_at timestamptz not null default public.clock(),
    unique (consumer, topic, partition, "offset", raw_sha256),
    check ((state = 'waiting') = (next_attempt_at is not null))
  );
  create index held_waiting on held_message (next_attempt_at) where state = 'waiting';

  create view held as
    select id, consumer, event_id, topic, partition, "offset", reason, error, attempts, state,
           next_attempt_at, created_at, updated_at
    from held_message;

  create view health as
    select (select count(*) from outbox where published_at is null) as outbox_unpublished,
           (select min(created_at) from outbox where published_at is null) as outbox_oldest_at,
           (select count(*) from held_message where state = 'waiting') as held_waiting,
           (select count(*) from held_message where state = 'dead') as held_dead;

  execute format($f$
    create function emit(topic text, key text, type text, payload jsonb, correlation_id text default null)
    returns uuid language sql security definer set search_path = %I, public as $e$
      insert into outbox (topic, key, type, payload, headers)
      values (topic, key, type, convert_to(payload::text, 'UTF8'),
              case when correlation_id is null then '{}'::jsonb
                   else jsonb_build_object('correlation_id', correlation_id) end)
      returning id
    $e$ $f$, service);

  if service <> 'gateway' then
    grant select on held, health to gateway;
  end if;
  reset role;
end
$body$;

select public.create_messaging(service)
from unnest(array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler']) as service;
drop function public.create_messaging(text);

-- migrate:down
