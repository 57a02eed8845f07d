-- migrate:up
set local role assigner_owner;

-- What was decided for a job, zero homes included. Final: a job asked again hears this again.
create table assigner.choice (
  job_id uuid primary key,
  client_id uuid not null,
  requested int not null check (requested > 0),
  found int not null check (found between 0 and requested),
  as_of date not null,
  seed bigint not null,
  cities text[] not null,
  tried text[] not null,
  chosen_at timestamptz not null default public.clock()
);
create index choice_client on assigner.choice (client_id);

-- The public name of a door. It is a UUIDv5, whose SHA-1 the database cannot compute: the assigner
-- adds the row after the choice has returned its doors, in the same transaction.
create table assigner.home (
  home_key text primary key,
  address_id uuid not null unique
);

-- A door given to a client, never twice, with the facts as delivered. Erasure of the client blanks
-- everything but the door and the hour.
create table assigner.assignment (
  client_id uuid not null,
  home_key text not null references assigner.home deferrable initially deferred,
  assigned_at timestamptz not null default public.clock(),
  job_id uuid references assigner.choice,
  position int check (position > 0),
  property_id uuid,
  insee_code text,
  city_name text,
  postal_code text,
  address text,
  kind text check (kind in ('house', 'apartment', 'land', 'commercial', 'other')),
  sold_on date,
  price_eur numeric,
  surface_m2 numeric,
  rooms int,
  land_m2 numeric,
  latitude float8,
  longitude float8,
  source text,
  edition text,
  primary key (client_id, home_key),
  unique (job_id, position),
  constraint facts_complete_or_erased check (
    num_nulls(job_id, position, property_id, insee_code, city_name, postal_code, address, kind,
              sold_on, price_eur, source, edition) = 0
    or num_nonnulls(job_id, position, property_id, insee_code, city_name, postal_code, address, kind,
                    sold_on, price_eur, surface_m2, rooms, land_m2, latitude, longitude, source,
                    edition) = 0
  )
);

-- Whoever is in here is never served again, whichever event comes late.
create table assigner.erased_client (
  client_id uuid primary key,
  erased_at timestamptz not null default public.clock()
);

-- A left join, so that readers who do not ask for the address id do not pay for it.
create view assigner.delivered as
select a.client_id, a.job_id, h.address_id, a.home_key, a.position, a.property_id, a.insee_code,
       a.city_name, a.postal_code, a.address, a.kind, a.sold_on, a.price_eur, a.surface_m2, a.rooms,
       a.latitude, a.longitude, a.source, a.assigned_at
from assigner.assignment a
left join assigner.home h on h.home_key = a.home_key
where a.job_id is not null;
grant select on assigner.delivered to gateway, notifier, scraper;

create function assigner.draw_key(seed bigint, home_key text, weight bigint) returns float8
language sql immutable parallel safe
return -ln((((hashtextextended(home_key, seed) >> 12) & 4503599627370495) + 0.5::float8)
           / 4503599627370496) / weight;
comment on function assigner.draw_key(bigint, text, bigint) is
  'Weighted drawing without replacement: the k smallest of -ln(u)/weight win. u comes from 52 bits '
  'of a hash of seed and door, half a step away from 0 and from 1.';

reset role;

-- migrate:down
