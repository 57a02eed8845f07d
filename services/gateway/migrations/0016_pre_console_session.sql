-- migrate:up
set local role gateway_owner;

-- An operator who has signed in. The cookie holds 256 random bits; here stands their hash, so that
-- whoever reads this table opens nothing with it.
create table gateway.console_session (
  token_hash bytea primary key check (length(token_hash) = 32),
  key_hash bytea not null check (length(key_hash) = 32),
  actor text not null check (length(actor) between 1 and 100),
  flash jsonb,
  created_at timestamptz not null default public.clock(),
  used_at timestamptz not null default public.clock()
);
comment on column gateway.console_session.key_hash is 'of the key that was shown: a revoked one ends the session';
comment on column gateway.console_session.actor is 'what operators call that key, as the audit does';
comment on column gateway.console_session.flash is 'what the next page says of the last action: numbers, no names';

create index console_session_used on gateway.console_session (used_at);

reset role;

-- migrate:down
