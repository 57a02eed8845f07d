-- migrate:up
set local role scraper_owner;

-- A list of 35,000 communes, the largest first, reads the fifty that it shows.
create index place_by_size on scraper.place (population desc, insee_code) where search <> '';
create index city_failing on scraper.city (insee_code) where error is not null;

reset role;

-- migrate:down
