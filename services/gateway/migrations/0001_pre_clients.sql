-- migrate:up
set local role gateway_owner;

-- Arrays are checked by functions: a CHECK may hold no subquery.
create function gateway.is_insee_codes(codes text[]) returns boolean
language sql immutable strict parallel safe
as $$ select coalesce(bool_and(code is not null and code ~ '^(\d{5}|2[AB]\d{3})$'), false)
      from unnest(codes) as code $$;

create function gateway.has_no_repeats(entries text[]) returns boolean
language sql immutable strict parallel safe
as $$ select count(*) = count(distinct entry) from unnest(entries) as entry $$;

-- An erased client has no row here: jobs and deliveries keep its id and name nobody.
create table gateway.client (
  id uuid primary key default uuidv7(),
  status text not null default 'active' check (status in ('active', 'inactive', 'test', 'pending')),
  first_name text not null check (length(first_name) between 1 and 100),
  last_name text not null check (length(last_name) between 1 and 100),
  email text not null check (length(email) <= 254 and email ~ '^[^\s@]+@[^\s@]+$'),
  telephone text check (length(telephone) between 1 and 100),
  company_name text check (length(company_name) between 1 and 200),
  locale text not null default 'fr' check (locale in ('fr', 'en')),
  subscription_type text not null check (subscription_type in ('decouverte', 'pro', 'entreprise')),
  send_day int not null check (send_day between 1 and 31),
  addresses_per_report int not null default 10 check (addresses_per_report between 1 and 1000),
  chosen_cities text[] not null
    check (gateway.is_insee_codes(chosen_cities) and gateway.has_no_repeats(chosen_cities)),
  property_type_preferences text[] not null
    check (cardinality(property_type_preferences) >= 1
           and property_type_preferences <@ array['house', 'apartment', 'land', 'commercial', 'other']
           and gateway.has_no_repeats(property_type_preferences)),
  active_since date,
  welcomed_at timestamptz,
  version int not null default 1 check (version >= 1),
  created_at timestamptz not null default public.clock(),
  updated_at timestamptz not null default public.clock(),
  constraint active_client_knows_since_when check (status <> 'active' or active_since is not null)
);
comment on column gateway.client.active_since is 'Paris date of the last change to active';
comment on column gateway.client.welcomed_at is 'when client.registered was written: once in a life';
comment on column gateway.client.version is 'grows with every change; the ETag';

create unique index client_email on gateway.client (lower(email));
create index client_status on gateway.client (status, created_at, id);

reset role;

-- migrate:down
