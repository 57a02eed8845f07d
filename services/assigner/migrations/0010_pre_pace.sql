-- migrate:up
set local role assigner_owner;

-- When the next request to the geocoder may leave, of all assigners together: the service counts what
-- comes from one address. Worth nothing after a crash, so nothing is written to disk for it.
create unlogged table assigner.geocoder_turn (
  single boolean primary key default true check (single),
  free_at timestamptz not null
);

reset role;

-- migrate:down
