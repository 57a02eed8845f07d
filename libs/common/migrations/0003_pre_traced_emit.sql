-- migrate:up

-- An event that a definer's function writes on a caller's behalf belongs to the caller's trace.
do $$
declare
  service text;
begin
  foreach service in array array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler'] loop
    execute format('set local role %I', service || '_owner');
    execute format('drop function %I.emit(text, text, text, jsonb, text)', service);
    execute format($f$
      create function %1$I.emit(topic text, key text, type text, payload jsonb,
                                correlation_id text default null, traceparent text default null)
      returns uuid language sql security definer set search_path = %1$I, public as $e$
        insert into outbox (topic, key, type, payload, headers)
        values (topic, key, type, convert_to(payload::text, 'UTF8'),
                jsonb_strip_nulls(jsonb_build_object('correlation_id', nullif(correlation_id, ''),
                                                     'traceparent', nullif(traceparent, ''))))
        returning id
      $e$ $f$, service);
    reset role;
  end loop;
end $$;

-- migrate:down
