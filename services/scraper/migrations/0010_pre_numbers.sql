-- migrate:up
set local role scraper_owner;

-- How many homes are on offer is one of the numbers that operators see.
grant select on scraper.candidate to gateway;

reset role;

-- migrate:down
