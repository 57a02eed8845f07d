-- migrate:up
set local role scraper_owner;

-- Every commune of France and the arrondissements of its three largest cities, from PLACES_URL.
create table scraper.place (
  insee_code text primary key check (insee_code ~ '^[0-9][0-9AB][0-9]{3}$'),
  city_id uuid not null unique,
  name text not null,
  postal_codes text[] not null default '{}',
  department text not null,
  region text not null,
  population int not null default 0 check (population >= 0),
  former_codes text[] not null default '{}',
  search text not null,
  expands_to text[] check (cardinality(expands_to) > 0),
  refusal text
);
comment on column scraper.place.search is 'What a search compares: name without accents, postal codes, code, in lower case';
comment on column scraper.place.expands_to is 'Codes under which its sales are filed; null: its own';
comment on column scraper.place.refusal is 'Why its sales are not public; null: they are';

-- A place as far as its sales have been read.
create table scraper.city (
  insee_code text primary key,
  last_scraped timestamptz,
  first_year int,
  failed_at timestamptz,
  error text,
  house_price_avg int check (house_price_avg >= 0),
  apartment_price_avg int check (apartment_price_avg >= 0),
  check ((failed_at is null) = (error is null)),
  check ((last_scraped is null) = (first_year is null))
);
comment on column scraper.city.last_scraped is 'When every year was last read without an error';
comment on column scraper.city.first_year is 'The earliest year that was read then';
comment on column scraper.city.failed_at is 'Set while the newest refresh is a failed one';
comment on column scraper.city.house_price_avg is 'Median of our own sales in euros per square metre';

create table scraper.city_year (
  insee_code text not null references scraper.city,
  year int not null check (year between 2000 and 2200),
  state text not null check (state in ('read', 'no_sale', 'not_covered', 'failed')),
  source text not null default '',
  edition text not null default '',
  file_sha256 text check (file_sha256 ~ '^[0-9a-f]{64}$'),
  lines int not null default 0 check (lines >= 0),
  loaded_at timestamptz,
  error text,
  primary key (insee_code, year),
  check ((state = 'failed') = (error is not null))
);
comment on column scraper.city_year.file_sha256 is
  'The file whose rows are in stock: it stays when a later refresh finds nothing better';

-- One row a sale. `on_offer` is what the candidate view shows, less the oppositions.
create table scraper.property (
  property_id uuid primary key,
  sale_key uuid not null,
  home_key text not null,
  insee_code text not null,
  sold_on date not null,
  kind text not null check (kind in ('house', 'apartment', 'land', 'commercial', 'other')),
  offered boolean not null,
  postable boolean not null,
  superseded boolean not null default false,
  vanished_at timestamptz,
  on_offer boolean not null generated always as
    (offered and postable and not superseded and vanished_at is null) stored,
  address text not null,
  postal_code text not null,
  city_name text not null,
  price_eur numeric check (price_eur >= 0),
  surface_m2 numeric check (surface_m2 > 0),
  rooms int check (rooms >= 0),
  land_m2 numeric check (land_m2 >= 0),
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  new_build boolean not null default false,
  suspect boolean not null default false,
  own_keys text[] not null default '{}',
  covered_keys text[] not null default '{}',
  source text not null,
  edition text not null,
  file_sha256 text not null check (file_sha256 ~ '^[0-9a-f]{64}$'),
  line int not null check (line > 0),
  loaded_at timestamptz not null default public.clock(),
  check (not offered or price_eur > 0)
);
comment on table scraper.property is 'One row a sale, at the door that it sold';
comment on column scraper.property.property_id is 'The sale; kept when a revised file replaces it';
comment on column scraper.property.sale_key is 'Its identity in the file that it was last read from';
comment on column scraper.property.superseded is
  'A later sale of the same home is known, or a twin of the same day goes before it';
comment on column scraper.property.suspect is
  'A price or surface that is hard to believe: offered, kept out of averages';
comment on column scraper.property.own_keys is
  'Any of them among the `covered_keys` of a later sale says that the home was sold again';
comment on column scraper.property.vanished_at is 'When a newer file no longer had it';
create index property_on_offer on scraper.property (insee_code, sold_on) where on_offer;
create index property_of_year on scraper.property (insee_code, sold_on);
create unique index property_sale_key on scraper.property (sale_key);
create unique index property_one_offer on scraper.property (home_key) where on_offer;

-- Always empty: each load makes a temporary table of this shape and name. Of a table that is new the
-- planner knows the size; one table for all loads gave plans that took minutes.
create table scraper.sale_staging (
  property_id uuid,
  sale_key uuid not null,
  home_key text not null,
  insee_code text not null,
  sold_on date not null,
  kind text not null,
  offered boolean not null,
  postable boolean not null,
  address text not null,
  postal_code text not null,
  city_name text not null,
  price_eur numeric,
  surface_m2 numeric,
  rooms int,
  land_m2 numeric,
  latitude double precision,
  longitude double precision,
  new_build boolean not null,
  suspect boolean not null,
  own_keys text[] not null,
  covered_keys text[] not null,
  source text not null,
  edition text not null,
  file_sha256 text not null,
  line int not null
);
create index sale_staging_key on scraper.sale_staging (sale_key);
create index sale_staging_property on scraper.sale_staging (property_id);

create table scraper.refresh (
  id uuid primary key default uuidv7(),
  insee_code text not null,
  first_year int not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  done int not null default 0 check (done >= 0),
  total int not null default 0 check (total >= 0),
  error text,
  fence int not null default 0,
  lease_until timestamptz,
  created_at timestamptz not null default public.clock(),
  updated_at timestamptz not null default public.clock(),
  check ((state = 'failed') = (error is not null)),
  check ((state = 'running') = (lease_until is not null))
);
comment on column scraper.refresh.fence is 'One more for each claim; every write of a worker names it';
create unique index refresh_open on scraper.refresh (insee_code) where state in ('queued', 'running');
create index refresh_claim on scraper.refresh (created_at) where state in ('queued', 'running');

create table scraper.waiting_job (
  job_id uuid not null,
  insee_code text not null,
  run int not null,
  total int not null check (total > 0),
  event jsonb not null,
  cause jsonb not null,
  created_at timestamptz not null default public.clock(),
  primary key (job_id, insee_code)
);
comment on column scraper.waiting_job.total is 'Of how many cities the job consists';
comment on column scraper.waiting_job.cause is 'Id, correlation and trace of the event that asked';
create index waiting_job_city on scraper.waiting_job (insee_code);

create table scraper.download (
  id uuid primary key default uuidv7(),
  refresh_id uuid not null references scraper.refresh on delete cascade,
  insee_code text not null,
  year int not null,
  source text not null,
  edition text not null default '',
  url text not null,
  state text not null
    check (state in ('loaded', 'unchanged', 'no_sale', 'not_covered', 'broken', 'hollow', 'down')),
  error text,
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint check (size_bytes >= 0),
  lines int check (lines >= 0),
  groups int check (groups >= 0),
  rejected jsonb not null default '{}',
  fetched_at timestamptz not null default public.clock(),
  check ((state in ('broken', 'hollow', 'down')) = (error is not null))
);
create index download_refresh on scraper.download (refresh_id);
create index download_place on scraper.download (insee_code, year, fetched_at);

create table scraper.opposition (
  id uuid primary key default uuidv7(),
  home_key text not null unique,
  insee_code text not null,
  address text not null,
  reason text not null default '',
  created_at timestamptz not null default public.clock()
);

create view scraper.candidate as
  select p.property_id, p.home_key, p.insee_code, p.kind, p.sold_on, p.address,
         coalesce(nullif(p.postal_code, ''), place.postal_codes[1], '') as postal_code,
         coalesce(place.name, p.city_name) as city_name, p.price_eur, p.surface_m2, p.rooms,
         p.land_m2, p.latitude, p.longitude, p.source, p.edition
  from scraper.property p
  left join scraper.place on place.insee_code = p.insee_code
  where p.on_offer
    and not exists (select from scraper.opposition o where o.home_key = p.home_key);

create view scraper.place_overview as
  select place.city_id, place.insee_code, place.name,
         coalesce(place.postal_codes[1], '') as postal_code, place.postal_codes,
         place.department, place.region, place.population, place.search,
         city.house_price_avg, city.apartment_price_avg, city.last_scraped,
         place.refusal is null as covered, place.refusal as reason,
         coalesce(place.expands_to, array[place.insee_code]) as expands_to
  from scraper.place
  left join scraper.city on city.insee_code = place.insee_code;

create view scraper.refresh_overview as
  select id, insee_code, state, done, total, error, created_at, updated_at from scraper.refresh;

grant select on scraper.candidate to assigner;
grant select on scraper.place_overview to gateway, notifier;
grant select on scraper.refresh_overview to gateway;

reset role;

-- migrate:down
