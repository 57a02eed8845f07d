-- migrate:up

-- Temporary tables are looked at first unless they are named last: a caller's own `mail` would stand
-- in for ours, and its triggers would run as our owner.
do $$
declare
  definer regprocedure;
begin
  for definer in
    select oid from pg_proc where pronamespace = 'notifier'::regnamespace and prosecdef
  loop
    execute format('alter function %s set search_path = notifier, public, pg_temp', definer);
  end loop;
end
$$;

-- migrate:down
