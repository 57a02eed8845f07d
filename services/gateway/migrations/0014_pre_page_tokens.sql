-- migrate:up
set local role gateway_owner;

-- Links to a client's page are signed, not stored; here stands which of them open nothing any more.
create table gateway.page_token (
  client_id uuid primary key,
  void_before timestamptz not null
);
comment on column gateway.page_token.void_before is 'links given before this instant are void';

reset role;

-- migrate:down
