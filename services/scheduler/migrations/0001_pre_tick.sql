-- migrate:up
set local role scheduler_owner;

-- One row for each kind and day, inserted together with its event: whoever is second does nothing.
create table scheduler.tick (
  kind text not null check (kind in ('pre_notification', 'send_day')),
  due_on date not null,
  state text not null check (state in ('emitted', 'missed')),
  late boolean not null,
  -- By hand. The loop's own days follow from its own last tick, so a day run by hand hides no gap.
  requested boolean not null default false,
  created_at timestamptz not null default public.clock(),
  primary key (kind, due_on),
  check (state = 'emitted' or late)
);

create view scheduler.tick_overview as
select kind, due_on, state, late, created_at from scheduler.tick;
grant select on scheduler.tick_overview to gateway;

create function scheduler.request_tick(kind text, due_on date)
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
                 jsonb_build_object('due_on', $2, 'late', is_late));
  else
    -- A statement of its own: it sees the row that another transaction has just committed.
    select 'exists', t.created_at into strict result, created_at
    from tick t where t.kind = $1 and t.due_on = $2;
  end if;
  return next;
end
$$;
comment on function scheduler.request_tick(text, date) is
  'Has the ticks of a day emitted by hand, once: `new`, or `exists` and since when.';
grant execute on function scheduler.request_tick(text, date) to gateway;

reset role;

-- migrate:down
