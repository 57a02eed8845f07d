-- migrate:up
set local role scraper_owner;

create view scraper.priced as
  select insee_code, kind, sold_on, new_build, price_eur::float8 / m2::float8 as eur_per_m2
  from scraper.property
  cross join lateral (select case when kind = 'land' then land_m2 else surface_m2 end) as area(m2)
  where vanished_at is null and not suspect and price_eur > 0 and m2 > 0
    and (kind in ('house', 'apartment') or (kind = 'land' and postable));
comment on view scraper.priced is
  'Sales whose price per square metre can be believed; of land only what has a door, for fields'
  ' cost a hundredth of building plots';

reset role;

-- migrate:down
