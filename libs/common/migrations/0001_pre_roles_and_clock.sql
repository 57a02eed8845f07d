-- migrate:up

-- A role for each service, an owner (no login) for each schema: a definer's function of one schema
-- reaches that schema only. Passwords are given by whoever deploys.
do $$
declare
  service text;
begin
  foreach service in array array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler'] loop
    if not exists (select from pg_roles where rolname = service || '_owner') then
      execute format('create role %I nologin', service || '_owner');
    end if;
    if not exists (select from pg_roles where rolname = service) then
      execute format('create role %I login', service);
    end if;
    execute format('grant %I to current_user', service || '_owner');
    execute format('alter role %I set search_path = %I, public', service, service);
    execute format('alter role %I set timezone = %L', service, 'UTC');
    execute format('create schema if not exists %I authorization %I', service, service || '_owner');
    execute format('grant usage on schema %I to %I', service, service);
    -- the database's creator may lend nothing by default
    execute format('alter default privileges for role %I in schema %I revoke execute on functions from public',
                   service || '_owner', service);
    execute format('alter default privileges for role %I revoke execute on functions from public',
                   service || '_owner');
    execute format('alter default privileges for role %I in schema %I grant execute on functions to %I',
                   service || '_owner', service, service);
    execute format('alter default privileges for role %I in schema %I grant select, insert, update, delete on tables to %I',
                   service || '_owner', service, service);
    execute format('alter default privileges for role %I in schema %I grant usage, select on sequences to %I',
                   service || '_owner', service, service);
    execute format('grant create on schema %I to %I', service, service || '_owner');
  end loop;
end $$;

-- Schemas that others read by views and functions; what they may see is granted view by view.
grant usage on schema scraper, assigner, notifier, scheduler to gateway;
grant usage on schema assigner to scraper;
grant usage on schema scraper to assigner;
grant usage on schema gateway, assigner, scraper to notifier;

-- A generic plan made the choice 30 times slower at the sixth call.
alter role assigner set plan_cache_mode = force_custom_plan;

revoke create on schema public from public;

create function public.clock() returns timestamptz
language sql stable parallel safe
as $$ select clock_timestamp() + coalesce(nullif(current_setting('trackimmo.clock_offset', true), '')::interval, '0') $$;
comment on function public.clock() is
  'The instant by which everything due is decided; only tests and the fault rig shift it.';

-- migrate:down
