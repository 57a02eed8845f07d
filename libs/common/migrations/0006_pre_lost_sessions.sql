-- migrate:up

-- A process that stands still and a machine that is gone say no goodbye. What their sessions hold
-- would be held for hours: rows that others wait for, the relay's lock (it limits itself, see there).
-- Nobody is silent for so long within a transaction, but the scraper while it reads a large file.
do $$
declare
  service text;
begin
  foreach service in array array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler'] loop
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', service,
                   case service when 'scraper' then '60s' else '30s' end);
    execute format('alter role %I set tcp_keepalives_idle = 10', service);
    execute format('alter role %I set tcp_keepalives_interval = 5', service);
    execute format('alter role %I set tcp_keepalives_count = 4', service);
  end loop;
end $$;

-- migrate:down
