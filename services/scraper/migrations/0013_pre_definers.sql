-- migrate:up

-- Temporary tables are looked at first unless they are named last: a caller's own table would
-- stand in for ours, and its triggers would run as our owner.
do $$
declare
  definer regprocedure;
begin
  for definer in
    select oid from pg_proc where pronamespace = 'scraper'::regnamespace and prosecdef
  loop
    execute format('alter function %s set search_path = scraper, public, pg_temp', definer);
  end loop;
end
$$;

-- migrate:down
