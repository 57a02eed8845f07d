-- migrate:up
set local role gateway_owner;

-- How often each key has called in its present window. A row is updated by every request, so
-- its page keeps room for the new versions beside it.
create table gateway.rate (
  key_hash bytea primary key check (length(key_hash) = 32),
  began_at timestamptz not null default public.clock(),
  requests bigint not null check (requests >= 1)
) with (fillfactor = 10);
comment on column gateway.rate.key_hash is 'SHA-256 of the key, which stands nowhere';
comment on column gateway.rate.began_at is 'when the first request of the window came';

reset role;

-- migrate:down
