-- migrate:up

-- Temporary tables are looked at first unless they are named last: a caller's own `client` would stand
-- in for ours, and its triggers would run as our owner.
do $$
declare
  definer regprocedure;
begin
  for definer in
    select oid from pg_proc where pronamespace = 'gateway'::regnamespace and prosecdef
  loop
    execute format('alter function %s set search_path = gateway, public, pg_temp', definer);
  end loop;
end
$$;

-- migrate:down
