-- migrate:up
set local role gateway_owner;

-- What is left of an erased client: that there was one, and how much it received.
create table gateway.erased_client (
  id uuid primary key,
  assignments int not null check (assignments >= 0),
  jobs int not null check (jobs >= 0),
  deliveries int not null check (deliveries >= 0),
  erased_at timestamptz not null default public.clock()
);
comment on column gateway.erased_client.assignments is 'homes received, which the assigner shows no longer';
comment on column gateway.erased_client.deliveries is 'months served';

-- The planner keeps samples of what it has seen in a column, for as long as it likes: not of these.
do $$
declare
  person text;
begin
  foreach person in array array['first_name', 'last_name', 'email', 'telephone', 'company_name'] loop
    execute format('alter table gateway.client alter column %I set statistics 0', person);
    perform pg_clear_attribute_stats('gateway', 'client', person, false);
  end loop;
  alter index gateway.client_email alter column 1 set statistics 0;
  perform pg_clear_attribute_stats('gateway', 'client_email', 'lower', false);
end
$$;

reset role;

-- migrate:down
