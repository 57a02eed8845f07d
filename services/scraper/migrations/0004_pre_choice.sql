-- migrate:up
set local role scraper_owner;

-- All that the choice reads of a candidate: it never visits the rows, only those that win. One
-- client's window may be 10,000 rows on as many pages of a large stock.
create index property_choice on scraper.property (insee_code, sold_on, property_id)
  include (home_key, kind) where on_offer;
drop index scraper.property_on_offer;

-- Not a join: the planner either hashes the few oppositions or looks each door up, and never
-- hashes the candidates, of whose number it knows nothing.
create or replace view scraper.candidate as
  select p.property_id, p.home_key, p.insee_code, p.kind, p.sold_on, p.address,
         coalesce(nullif(p.postal_code, ''), place.postal_codes[1], '') as postal_code,
         coalesce(place.name, p.city_name) as city_name, p.price_eur, p.surface_m2, p.rooms,
         p.land_m2, p.latitude, p.longitude, p.source, p.edition
  from scraper.property p
  left join scraper.place on place.insee_code = p.insee_code
  where p.on_offer
    and (exists (select from scraper.opposition o where o.home_key = p.home_key)) is not true;

reset role;

-- migrate:down
