-- migrate:up
set local role scheduler_owner;

-- The tick belongs to the trace of the request that asked for it.
drop function scheduler.request_tick(text, date);
create function scheduler.request_tick(kind text, due_on date, traceparent text default null)
returns table (result text, created_at timestamptz)
language plpgsql security definer set search_path = scheduler, public
as $$
#variable_conflict use_column
declare
  is_late constant boolean := $2 < (public.clock() at time zone 'Europe/Paris')::date;
begin
  insert into tick as t (kind, due_on, state, late, requested)
  values ($1, $2, 'emitted', is_late, true)
  on conflict (kind, due_on) do nothing
  returning 'new', t.created_at into result, created_at;
  if found then
    perform emit('schedule.' || $1, $2::text, 'trackimmo.schedule.' || $1 || '.v1',
                 jsonb_build_object('due_on', $2, 'late', is_late), traceparent => $3);
  else
    -- A statement of its own: it sees the row that another transaction has just committed.
    select 'exists', t.created_at into strict result, created_at
    from tick t where t.kind = $1 and t.due_on = $2;
  end if;
  return next;
end
$$;
comment on function scheduler.request_tick(text, date, text) is
  'Has the ticks of a day emitted by hand, once: `new`, or `exists` and since when.';
grant execute on function scheduler.request_tick(text, date, text) to gateway;

reset role;

-- migrate:down
