-- migrate:up
set local role gateway_owner;

-- The last wall against a second delivery in a month. No foreign key to the job: the row stays
-- when its job is cleaned, else a tick would deliver that month again.
create table gateway.monthly_delivery (
  client_id uuid not null,
  month date not null check (extract(day from month) = 1),
  due_on date not null,
  job_id uuid not null unique,
  late boolean not null,
  created_at timestamptz not null default public.clock(),
  primary key (client_id, month),
  constraint due_within_its_month check (date_trunc('month', due_on::timestamp)::date = month)
);

create table gateway.tick_handled (
  kind text not null check (kind in ('send_day', 'pre_notification')),
  due_on date not null,
  handled_at timestamptz not null default public.clock(),
  clients int not null check (clients >= 0),
  primary key (kind, due_on)
);

-- Who is due on `day`, and nobody else knows. The effective date E of a month is the client's
-- send_day or the month's last day. A future day sees only E = day; a day that has come sees too
-- those whose E has passed unserved: in this month, or in the one before within the catch-up days.
create function gateway.due_clients(day date, today date, catch_up_days int default 7)
returns table (client_id uuid, effective_day date, month date, late boolean)
language sql stable security definer rows 100
set search_path = gateway, public
as $$
  select c.id, e.effective_day, m.month, e.effective_day < day
  from client c
  cross join lateral (
    values (date_trunc('month', day::timestamp)::date),
           ((date_trunc('month', day::timestamp) - interval '1 month')::date)
  ) as m (month)
  cross join lateral (
    select least(m.month + c.send_day - 1, (m.month + interval '1 month - 1 day')::date)
  ) as e (effective_day)
  where c.status = 'active'
    and e.effective_day >= c.active_since
    and (e.effective_day = day
         or (day <= today and e.effective_day < day
             and (m.month = date_trunc('month', day::timestamp)::date
                  or e.effective_day >= day - catch_up_days)))
    and not exists (
      select from monthly_delivery d where d.client_id = c.id and d.month = m.month)
$$;
grant execute on function gateway.due_clients(date, date, int) to notifier;

-- What the notifier may know of a client. The first delivery is the one that the next tick that
-- finds the client would start: today's while today's tick is not handled, else tomorrow's.
create view gateway.client_contact as
select c.id as client_id, c.first_name, c.last_name, c.email, c.company_name, c.locale, c.status,
       c.subscription_type, c.chosen_cities, c.property_type_preferences, c.send_day,
       c.addresses_per_report, c.active_since,
       case when c.status = 'active' then delivery.first_on end as first_delivery_on
from gateway.client c
cross join lateral (
  select t.today + exists (
    select from gateway.tick_handled h where h.kind = 'send_day' and h.due_on = t.today
  )::int as day
  from (select (public.clock() at time zone 'Europe/Paris')::date as today) t
) as tick
cross join lateral (
  select min(greatest(e.effective_day, tick.day)) as first_on
  from generate_series(-1, 1) as months
  cross join lateral (
    select (date_trunc('month', tick.day::timestamp) + months * interval '1 month')::date as month
  ) as m
  cross join lateral (
    select least(m.month + c.send_day - 1,
                 (m.month + interval '1 month - 1 day')::date) as effective_day
  ) as e
  where e.effective_day >= c.active_since
    and (months >= 0 or e.effective_day >= tick.day - 7)
    and not exists (
      select from gateway.monthly_delivery d where d.client_id = c.id and d.month = m.month)
) as delivery;
grant select on gateway.client_contact to notifier;

reset role;

-- migrate:down
