-- migrate:up
set local role scraper_owner;

alter table scraper.place
  add column latitude float8 check (latitude between -90 and 90),
  add column longitude float8 check (longitude between -180 and 180),
  add constraint place_centre_whole check ((latitude is null) = (longitude is null));
comment on column scraper.place.latitude is 'Of its centre, where the list of places tells it';

alter table scraper.city
  add column latitude float8 check (latitude between -90 and 90),
  add column longitude float8 check (longitude between -180 and 180),
  add constraint city_middle_whole check ((latitude is null) = (longitude is null));
comment on column scraper.city.latitude is
  'Of the middle of its sales (medians), for lists of places that tell no centre';

-- docs/estimate.md is the rule; services/scraper/repository/prices.py fills it.
create table scraper.price_level (
  area text not null,
  kind text not null check (kind in ('house', 'apartment', 'land')),
  median_per_m2_eur numeric,
  low_per_m2_eur numeric,
  high_per_m2_eur numeric,
  comparables int not null check (comparables >= 5),
  months int not null check (months in (24, 36, 60)),
  computed_on date not null,
  primary key (area, kind),
  check (num_nulls(median_per_m2_eur, low_per_m2_eur, high_per_m2_eur) in (0, 3)),
  check (0 < low_per_m2_eur and low_per_m2_eur <= median_per_m2_eur
         and median_per_m2_eur <= high_per_m2_eur and high_per_m2_eur <= 3 * low_per_m2_eur)
);
comment on table scraper.price_level is
  'What a square metre was sold for lately; null: for so different prices that nothing can be said';
comment on column scraper.price_level.area is 'Code of a commune, or of a department';
comment on column scraper.price_level.low_per_m2_eur is 'The first quartile; high is the third';
comment on column scraper.price_level.months is 'How far back its sales go from `computed_on`';

-- What an owner or an inhabitant has forbidden: the address as it was told, and every door there.
create table scraper.opposed_door (
  home_key text primary key,
  opposition_id uuid not null references scraper.opposition on delete cascade
);
create index opposed_door_opposition on scraper.opposed_door (opposition_id);
insert into scraper.opposed_door (home_key, opposition_id)
  select home_key, id from scraper.opposition;

create view scraper.opposed as select home_key from scraper.opposed_door;
comment on view scraper.opposed is 'Doors that are never offered, shown or mailed';
grant select on scraper.opposed to assigner, notifier, gateway;

-- The left joins are on unique keys: whoever asks for none of their columns does not pay for them.
create or replace view scraper.candidate as
  select p.property_id, p.home_key, p.insee_code, p.kind, p.sold_on, p.address,
         coalesce(nullif(p.postal_code, ''), place.postal_codes[1], '') as postal_code,
         coalesce(place.name, p.city_name) as city_name, p.price_eur, p.surface_m2, p.rooms,
         p.land_m2, p.latitude, p.longitude, p.source, p.edition,
         case when near.area is null then wide.median_per_m2_eur
              else near.median_per_m2_eur end as estimate_per_m2_eur,
         case when near.area is null then wide.low_per_m2_eur
              else near.low_per_m2_eur end as estimate_low_per_m2_eur,
         case when near.area is null then wide.high_per_m2_eur
              else near.high_per_m2_eur end as estimate_high_per_m2_eur,
         case when near.median_per_m2_eur is not null then 'commune'
              when near.area is null and wide.median_per_m2_eur is not null then 'department'
         end as estimate_basis,
         case when near.area is null and wide.median_per_m2_eur is not null then wide.comparables
              when near.median_per_m2_eur is not null then near.comparables
         end as estimate_comparables,
         coalesce(place.latitude, city.latitude) as centre_latitude,
         coalesce(place.longitude, city.longitude) as centre_longitude
  from scraper.property p
  left join scraper.place on place.insee_code = p.insee_code
  left join scraper.city on city.insee_code = p.insee_code
  left join scraper.price_level near on near.area = p.insee_code and near.kind = p.kind
  left join scraper.price_level wide
    on wide.area = scraper.department_of(p.insee_code) and wide.kind = p.kind
  where p.on_offer
    and (exists (select from scraper.opposed_door o where o.home_key = p.home_key)) is not true;

alter table scraper.opposition drop column home_key;

reset role;

-- migrate:down
