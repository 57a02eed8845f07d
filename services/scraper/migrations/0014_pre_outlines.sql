-- migrate:up
set local role scraper_owner;

-- What a map draws where no tile server is configured: docs/decisions/0020.
create table scraper.outline (
  insee_code text primary key,
  rings jsonb check (jsonb_typeof(rings) = 'array' and octet_length(rings::text) <= 20000),
  fetched_at timestamptz,
  next_try_at timestamptz,
  error text,
  check ((rings is null) = (fetched_at is null))
);
comment on column scraper.outline.rings is
  'Closed rings of longitude and latitude, at most 300 points in all; a hole is a ring within a ring';
comment on column scraper.outline.next_try_at is 'Null: nobody wants it asked for';
create index outline_wanted on scraper.outline (next_try_at) where next_try_at is not null;
insert into scraper.outline (insee_code, next_try_at)
  select insee_code, public.clock() from scraper.city;

create view scraper.commune_outline as
  select outline.insee_code, place.name, outline.rings
  from scraper.outline
  join scraper.place on place.insee_code = outline.insee_code
  where outline.rings is not null;
grant select on scraper.commune_outline to gateway;

-- services/scraper/repository/history.py fills it: asked for when looked at, all sales of Paris would
-- take a second.
create table scraper.price_period (
  area text not null,
  step text not null check (step in ('month', 'quarter', 'year')),
  kind text not null check (kind in ('house', 'apartment', 'land')),
  starts_on date not null,
  sales int not null check (sales >= 5),
  median_per_m2_eur int not null check (median_per_m2_eur >= 0),
  primary key (area, step, kind, starts_on)
);
comment on table scraper.price_period is
  'Medians of the sales of a period, new buildings left out; of fewer than five nothing is said';
insert into scraper.price_period (area, step, kind, starts_on, sales, median_per_m2_eur)
  with area as (
    select insee_code as area, insee_code from scraper.city
    union
    select insee_code, unnest(expands_to) from scraper.place where cardinality(expands_to) > 1
  )
  select area, step, kind, date_trunc(step, sold_on::timestamp)::date, count(*),
         round(percentile_cont(0.5) within group (order by eur_per_m2))::int
  from area
  join scraper.priced using (insee_code)
  cross join unnest(array['month', 'quarter', 'year']) as step
  where not new_build
  group by area, step, kind, date_trunc(step, sold_on::timestamp)::date
  having count(*) >= 5;

create view scraper.price_history as
  select area as insee_code, step, kind, starts_on, sales, median_per_m2_eur
  from scraper.price_period;
grant select on scraper.price_history to gateway;

create view scraper.city_overview as
  select place.insee_code, place.name, place.postal_codes, place.department, place.region,
         place.population, place.search, place.refusal,
         coalesce(place.expands_to, array[place.insee_code]) as expands_to,
         city.house_price_avg, city.apartment_price_avg, city.last_scraped, city.first_year,
         city.failed_at, city.error
  from scraper.place
  left join scraper.city on city.insee_code = place.insee_code;
comment on view scraper.city_overview is 'Every commune as operators see it, with what went wrong';

create view scraper.city_year_overview as
  select insee_code, year, state, source, edition, lines, loaded_at, error from scraper.city_year;

create view scraper.department_overview as
  select scraper.department_of(place.insee_code) as department, min(place.department) as name,
         bool_and(place.refusal is not null) as is_refused, count(*)::int as cities,
         count(city.last_scraped)::int as cities_read
  from scraper.place
  left join scraper.city on city.insee_code = place.insee_code
  where place.search <> ''
  group by 1;
grant select on scraper.city_overview, scraper.city_year_overview, scraper.department_overview
  to gateway;

create index refresh_of_city on scraper.refresh (insee_code, created_at);
create index refresh_import on scraper.refresh (created_at) where length(insee_code) <= 3;

create function scraper.stock_of(codes text[], first_on date, last_on date)
returns table (insee_code text, kind text, homes int)
language sql stable security definer set search_path = scraper, public, pg_temp
as $$
  select c.insee_code, c.kind, count(*)::int
  from candidate as c
  where c.insee_code = any($1) and c.sold_on between $2 and $3
  group by c.insee_code, c.kind
$$;
comment on function scraper.stock_of(text[], date, date) is
  'Homes on offer that were sold in these days, by commune and kind';
revoke execute on function scraper.stock_of(text[], date, date) from public;
grant execute on function scraper.stock_of(text[], date, date) to gateway;

reset role;

-- migrate:down
