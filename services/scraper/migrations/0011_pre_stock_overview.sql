-- migrate:up
set local role scraper_owner;

-- Counting millions takes seconds: beyond a hundred thousand the planner's own number will do.
create view scraper.stock_overview as
  select case when homes <= 100000 then homes
              else greatest(homes, (select reltuples::bigint from pg_class
                                    where oid = to_regclass('scraper.property_one_offer'))) end as homes
  from (select count(*) as homes from (select from scraper.candidate limit 100001) as few) as counted;
comment on column scraper.stock_overview.homes is
  'Homes on offer: exact up to 100,000, else as of the last look of autovacuum, the opposed included';

revoke select on scraper.candidate from gateway;
grant select on scraper.stock_overview to gateway;

reset role;

-- migrate:down
