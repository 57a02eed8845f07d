-- migrate:up
set local role scraper_owner;

-- A scraper of before this fails its refreshes and leaves them to one of after it.

alter table scraper.property
  add column digest bigint,
  alter column own_keys drop default,
  alter column covered_keys drop default,
  alter column own_keys type text using array_to_string(own_keys, '|'),
  alter column covered_keys type text using array_to_string(covered_keys, '|'),
  alter column own_keys set default '',
  alter column covered_keys set default '',
  drop constraint property_file_sha256_check,  -- a pattern cost a quarter of a load
  add constraint property_file_sha256_check check (octet_length(file_sha256) = 64);
comment on column scraper.property.digest is
  'Of all that its file says of it: what is equal is not loaded again. Null: not known, load it';
comment on column scraper.property.own_keys is
  'Joined by bars. Any of them among the `covered_keys` of a later sale: the home was sold again';

-- Nearly every sale has its first id, which the primary key holds already: a second index on as many
-- scattered keys would cost as much as the first.
drop index scraper.property_sale_key;
create unique index property_told_anew on scraper.property (sale_key) where sale_key <> property_id;

-- Always empty: each load makes a temporary table of this shape and name.
drop table scraper.sale_staging;
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
  own_keys text not null,
  covered_keys text not null,
  source text not null,
  edition text not null,
  file_sha256 text not null,
  line int not null,
  digest bigint not null,
  loaded_at timestamptz not null
);

reset role;

-- migrate:down
