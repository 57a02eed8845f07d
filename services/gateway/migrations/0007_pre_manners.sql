-- migrate:up
set local role gateway_owner;

-- Keys that operators hand out. The key itself stands nowhere.
create table gateway.api_key (
  id uuid primary key default uuidv7(),
  name text not null check (length(name) between 1 and 100),
  prefix text not null check (length(prefix) = 8),
  key_hash bytea not null unique check (length(key_hash) = 32),
  scopes text[] not null
    check (cardinality(scopes) >= 1 and scopes <@ array['client', 'admin']
           and gateway.has_no_repeats(scopes)),
  created_at timestamptz not null default public.clock(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
comment on column gateway.api_key.prefix is 'how people name the key; not unique';
comment on column gateway.api_key.key_hash is 'SHA-256 of the key: 32 random bytes need no salt';
comment on column gateway.api_key.last_used_at is 'to the minute';
create index api_key_prefix on gateway.api_key (prefix) where revoked_at is null;

-- Answers that are given again to whoever sends the same request with the same Idempotency-Key.
create table gateway.idempotency (
  principal bytea not null check (length(principal) = 32),
  route text not null,
  key text not null check (length(key) between 1 and 255),
  request_hash bytea not null check (length(request_hash) = 32),
  status int not null check (status between 200 and 299),
  headers jsonb not null check (jsonb_typeof(headers) = 'object'),
  body bytea not null,
  client_id uuid,
  created_at timestamptz not null default public.clock(),
  primary key (principal, route, key)
);
comment on column gateway.idempotency.principal is 'hash of the key that signed in';
comment on column gateway.idempotency.client_id is 'whom the answer concerns: erased with that client';
create index idempotency_created on gateway.idempotency (created_at);
create index idempotency_client on gateway.idempotency (client_id) where client_id is not null;

-- What operators did: ids only, kept for ever, added to and never changed.
create table gateway.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default public.clock(),
  actor text not null check (length(actor) between 1 and 100),
  action text not null check (length(action) between 1 and 100),
  target text not null check (length(target) <= 200),
  request_id text not null check (length(request_id) <= 128),
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
comment on column gateway.audit.actor is 'prefix of the key that signed in';
create index audit_target on gateway.audit (target, id);
revoke update, delete, truncate on gateway.audit from gateway;

reset role;

-- migrate:down
