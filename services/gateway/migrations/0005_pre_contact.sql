-- migrate:up
set local role gateway_owner;

-- As before, but the first delivery is an expression of its own: whoever does not ask for it, as
-- every hand-over of a mail, does not pay for the calendar.
create or replace view gateway.client_contact as
select c.id as client_id, c.first_name, c.last_name, c.email, c.company_name, c.locale, c.status,
       c.subscription_type, c.chosen_cities, c.property_type_preferences, c.send_day,
       c.addresses_per_report, c.active_since,
       case when c.status = 'active' then (
         select min(greatest(e.effective_day, tick.day))
         from (
           select t.today + exists (
             select from gateway.tick_handled h where h.kind = 'send_day' and h.due_on = t.today
           )::int as day
           from (select (public.clock() at time zone 'Europe/Paris')::date as today) t
         ) as tick
         cross join generate_series(-1, 1) as months
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
       ) end as first_delivery_on
from gateway.client c;

reset role;

-- migrate:down
