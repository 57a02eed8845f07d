-- migrate:up
set local role assigner_owner;

-- What is known of a delivered door beyond its sale: its printed form, where it stands and how sure
-- that is, and what it may be worth today.
alter table assigner.assignment
  add printed_address text,
  add position_source text check (position_source in ('geocoder', 'parcel', 'commune')),
  add position_score real,
  add estimate_eur int,
  add estimate_low_eur int,
  add estimate_high_eur int,
  add estimate_basis text check (estimate_basis in ('commune', 'department')),
  add estimate_comparables int,
  add constraint estimate_whole_or_none check (
    num_nulls(estimate_eur, estimate_low_eur, estimate_high_eur, estimate_basis,
              estimate_comparables) in (0, 5)),
  drop constraint facts_complete_or_erased,
  add constraint facts_complete_or_erased check (
    num_nulls(job_id, position, property_id, insee_code, city_name, postal_code, address, kind,
              sold_on, price_eur, source, edition) = 0
    or num_nonnulls(job_id, position, property_id, insee_code, city_name, postal_code, address, kind,
                    sold_on, price_eur, surface_m2, rooms, land_m2, latitude, longitude, source,
                    edition, printed_address, position_source, position_score, estimate_eur,
                    estimate_low_eur, estimate_high_eur, estimate_basis,
                    estimate_comparables) = 0
  );

-- A door without facts (of an erased client, or of the old system's history) is never shown: it
-- needs no public name.
alter table assigner.assignment
  drop constraint assignment_home_key_fkey,
  add shown_home_key text generated always as (case when job_id is not null then home_key end) stored
    references assigner.home deferrable initially deferred;

-- What the agent has made of an address. No row: nothing yet.
create table assigner.follow_up (
  client_id uuid not null,
  home_key text not null,
  status text not null default 'new'
    check (status in ('new', 'contacted', 'meeting', 'negotiation', 'mandate', 'sold')),
  notes text,
  contact_date date,
  follow_up date,
  sale_horizon text,
  desired_price_eur numeric check (desired_price_eur >= 0),
  followed_at timestamptz not null default public.clock(),
  primary key (client_id, home_key),
  foreign key (client_id, home_key) references assigner.assignment
);

-- Left joins on keys, so that readers who do not ask for them do not pay for them.
create or replace view assigner.delivered as
select a.client_id, a.job_id, h.address_id, a.home_key, a.position, a.property_id, a.insee_code,
       a.city_name, a.postal_code, a.address, a.kind, a.sold_on, a.price_eur, a.surface_m2, a.rooms,
       a.latitude, a.longitude, a.source, a.assigned_at, a.land_m2, a.edition, a.printed_address,
       a.position_source, a.position_score, a.estimate_eur, a.estimate_low_eur, a.estimate_high_eur,
       a.estimate_basis, a.estimate_comparables, coalesce(f.status, 'new') as follow_status,
       f.notes, f.contact_date, f.follow_up, f.sale_horizon, f.desired_price_eur, f.followed_at
from assigner.assignment a
left join assigner.home h on h.home_key = a.home_key
left join assigner.follow_up f on f.client_id = a.client_id and f.home_key = a.home_key
where a.job_id is not null;

reset role;

-- migrate:down
