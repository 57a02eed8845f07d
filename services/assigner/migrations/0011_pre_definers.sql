-- migrate:up

-- Temporary tables are looked at first unless they are named last: a caller's own `follow_up` would
-- stand in for ours, and its triggers would run as our owner.
do $$
declare
  definer record;
begin
  for definer in
    select oid::regprocedure as name from pg_proc
    where pronamespace = 'assigner'::regnamespace and prosecdef
  loop
    execute format('alter function %s set search_path = assigner, public, pg_temp', definer.name);
  end loop;
end
$$;

-- migrate:down
