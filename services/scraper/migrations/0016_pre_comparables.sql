-- migrate:up
set local role scraper_owner;

-- As before, and which sale it is.
create or replace view scraper.priced as
  select insee_code, kind, sold_on, new_build, price_eur::float8 / m2::float8 as eur_per_m2,
         property_id, m2
  from scraper.property
  cross join lateral (select case when kind = 'land' then land_m2 else surface_m2 end) as area(m2)
  where vanished_at is null and not suspect and price_eur > 0 and m2 > 0
    and (kind in ('house', 'apartment') or (kind = 'land' and postable));

create function scraper.comparables(
  insee text, kind text, latitude float8, longitude float8, most int)
returns table (address text, sold_on date, price_eur float8, m2 float8, eur_per_m2 float8)
language sql stable security definer set search_path = scraper, public, pg_temp
as $$
  select p.address, p.sold_on, p.price_eur::float8, s.m2::float8, s.eur_per_m2
  from price_level l
  join priced s on s.insee_code = l.area and s.kind = l.kind and not s.new_build
    and s.sold_on > l.computed_on - make_interval(months => l.months)
  join property p on p.property_id = s.property_id
  where l.area = $1 and l.kind = $2 and l.median_per_m2_eur is not null
    and not exists (select from opposed_door o where o.home_key = p.home_key)
  order by (p.latitude - $3) ^ 2 + ((p.longitude - $4) * cos(radians($3))) ^ 2 nulls last,
           p.sold_on desc, p.property_id
  limit $5
$$;
comment on function scraper.comparables(text, text, float8, float8, int) is
  'Sales of a kind on which the present price of a commune rests, the nearest to a point first; none'
  ' at an address that is opposed';
grant execute on function scraper.comparables(text, text, float8, float8, int) to gateway;

reset role;

-- migrate:down
