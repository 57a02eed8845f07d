-- migrate:up
set local role gateway_owner;

-- Who has paused on the own page may resume there; whom an operator has stopped may not.
create table gateway.page_pause (
  client_id uuid primary key references gateway.client on delete cascade,
  paused_at timestamptz not null default public.clock()
);
comment on table gateway.page_pause is 'clients who are inactive by their own wish';

-- Whoever else changes the status has the last word: the pause is over.
create function gateway.end_page_pause() returns trigger
language plpgsql set search_path = gateway, public, pg_temp
as $$
begin
  delete from page_pause where client_id = new.id;
  return null;
end
$$;
create trigger end_page_pause after update of status on gateway.client
  for each row when (old.status is distinct from new.status)
  execute function gateway.end_page_pause();

-- Objections of inhabitants that an agent has told, which are counted by the day.
create index audit_told_objections on gateway.audit (actor, at) where action = 'opposition.create';

reset role;

-- migrate:down
