-- What maps and plots draw: outlines of communes, and prices over the years.

insert into scraper.outline (insee_code, rings, fetched_at)
select insee_code,
       (select jsonb_build_array(jsonb_agg(jsonb_build_array(
                 round((longitude + 0.045 * cos(angle) * (1 + 0.2 * sin(3 * angle)))::numeric, 5),
                 round((latitude + 0.03 * sin(angle) * (1 + 0.2 * sin(3 * angle)))::numeric, 5)) order by step))
        from generate_series(0, 60) as step, lateral (select 2 * pi() * step / 60 as angle) as turn),
       public.clock()
from scraper.place where insee_code in ('01053', '01004', '64260', '42147');

insert into scraper.price_period (area, step, kind, starts_on, sales, median_per_m2_eur)
select '01053', step, kind, starts_on::date, 5 + extract(month from starts_on)::int,
       (case kind when 'house' then 1900 when 'apartment' then 1600 else 120 end
        * (1 + 0.04 * (extract(year from starts_on) - 2018) + 0.03 * sin(extract(month from starts_on)))
       )::int
from (values ('month', interval '1 month'), ('quarter', interval '3 months'), ('year', interval '1 year'))
       as stepped(step, wide)
cross join lateral generate_series(timestamp '2018-01-01', timestamp '2025-12-01', wide) as starts_on
cross join unnest(array['house', 'apartment', 'land']) as kind
where kind <> 'land' or step = 'year';
