-- migrate:up
set local role scraper_owner;

-- The rule of department_of written out: a view calls functions as whoever reads it, and the gateway
-- may not call that one.
create or replace view scraper.department_overview as
  select department, min(name) as name, bool_and(refusal is not null) as is_refused,
         count(*)::int as cities, count(last_scraped)::int as cities_read
  from (
    select left(place.insee_code, case when place.insee_code >= '97' and place.insee_code < '99' then 3
                                       else 2 end) as department,
           place.department as name, place.refusal, city.last_scraped
    from scraper.place
    left join scraper.city on city.insee_code = place.insee_code
    where place.search <> ''
  ) as commune
  group by department;

reset role;

-- migrate:down
