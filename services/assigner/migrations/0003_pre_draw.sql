-- migrate:up

-- The preview of a choice runs as the owner of this schema, and reads the stock as the assigner does.
set local role scraper_owner;
grant usage on schema scraper to assigner_owner;
grant select on scraper.candidate to assigner_owner;
grant execute on function scraper.department_of(text) to assigner, assigner_owner;
reset role;

set local role assigner_owner;

-- What the assigners of today choose by: each writes it when it starts, a preview reads it.
create table assigner.rule (
  single boolean primary key default true check (single),
  strategy text not null default 'weighted' check (strategy in ('weighted', 'monthly')),
  exclusivity_months int not null default 0 check (exclusivity_months >= 0),
  least_years int not null default 6,
  most_years int not null default 8
);
insert into assigner.rule default values;

-- Whose a door is until then, whether or not it has been delivered; afterwards the row means nothing.
create table assigner.hold (
  home_key text primary key,
  client_id uuid not null,
  until timestamptz not null
);
create index hold_client on assigner.hold (client_id);
create index hold_until on assigner.hold (until);

create function assigner.month_key(seed bigint, home_key text, sold_on date) returns float8
language sql immutable parallel safe
return extract(year from sold_on)::float8 * 12 + extract(month from sold_on)::float8
       + (((hashtextextended(home_key, seed) >> 12) & 4503599627370495) + 0.5::float8)
         / 4503599627370496;
comment on function assigner.month_key(bigint, text, date) is
  'The oldest month first, shuffled within the month by a hash of seed and door.';

-- The functions below are inlined into the statement that calls them (language sql, stable, no
-- settings of their own), so that constants given to them cost nothing.

create function assigner.asked(jobs jsonb) returns table (
  job_id uuid, client_id uuid, requested int, as_of date, seed bigint, cities text[], kinds text[],
  sold_from date, sold_until date, tried text[])
language sql stable parallel safe
as $$
  select job.*
  from jsonb_to_recordset(jobs) as job (
    job_id uuid, client_id uuid, requested int, as_of date, seed bigint, cities text[],
    kinds text[], sold_from date, sold_until date, tried text[])
  where not exists (select from assigner.choice where choice.job_id = job.job_id)
    and not exists (select from assigner.erased_client e where e.client_id = job.client_id)
$$;
comment on function assigner.asked(jsonb) is
  'The jobs that are to be chosen for: those that have no choice yet, of clients who are not erased.';

-- Weighted drawing without replacement, for each job by its seed. Sorted by day of sale, then id,
-- rank i of n weighs n - i: counted from the newest, the row number is the weight. The smallest
-- keys win; their order is the order of the mail.
-- `not in` is one hash of what these clients were given, whatever the planner thinks of the stock:
-- a join that hashed 10,000 candidates took as long as all the rest.
create function assigner.drawn(jobs jsonb, strategy text, exclusive boolean) returns table (
  job_id uuid, client_id uuid, "position" bigint, home_key text, property_id uuid)
language sql stable parallel safe
as $$
  with job as (select * from assigner.asked(jobs))
  select job.job_id, job.client_id,
         row_number() over (partition by job.job_id order by winner.key, winner.home_key),
         winner.home_key, winner.property_id
  from job cross join lateral (
    select ranked.property_id, ranked.home_key,
           case when strategy = 'monthly'
                then assigner.month_key(job.seed, ranked.home_key, ranked.sold_on)
                else assigner.draw_key(job.seed, ranked.home_key, ranked.weight) end as key
    from (
      select candidate.property_id, candidate.home_key, candidate.sold_on,
             row_number() over (order by sold_on desc, property_id desc) as weight
      from scraper.candidate
      where insee_code = any(job.cities) and kind = any(job.kinds)
        and sold_on between job.sold_from and job.sold_until
        and (job.client_id, candidate.home_key) not in (
          select given.client_id, given.home_key from assigner.assignment as given
          where given.client_id in (select client_id from job))
        and (not exclusive or not exists (
          select from assigner.hold
          where hold.home_key = candidate.home_key and hold.client_id <> job.client_id
            and hold.until > public.clock()))
    ) as ranked
    order by key, ranked.home_key limit job.requested
  ) as winner
$$;
comment on function assigner.drawn(jsonb, text, boolean) is
  'The doors that these jobs would be given now, in the order of the mail. Writes nothing: the '
  'choice inserts what it says, a preview shows it.';

-- A home on offer with the facts that go into a delivery. The estimate is that of the market: price
-- per square metre times size, in thousands; none without a size, nor where a thousand says nothing.
create view assigner.offer as
select c.property_id, c.home_key, c.insee_code, c.city_name, c.postal_code, c.address, c.kind,
       c.sold_on, c.price_eur, c.surface_m2, c.rooms, c.land_m2,
       coalesce(c.latitude, c.centre_latitude) as latitude,
       coalesce(c.longitude, c.centre_longitude) as longitude, c.source, c.edition,
       case when c.latitude is not null then 'parcel'
            when c.centre_latitude is not null then 'commune' end as position_source,
       case when worth.telling then round(c.estimate_per_m2_eur * size.m2, -3)::int end
         as estimate_eur,
       case when worth.telling then round(c.estimate_low_per_m2_eur * size.m2, -3)::int end
         as estimate_low_eur,
       case when worth.telling then round(c.estimate_high_per_m2_eur * size.m2, -3)::int end
         as estimate_high_eur,
       case when worth.telling then c.estimate_basis end as estimate_basis,
       case when worth.telling then c.estimate_comparables end as estimate_comparables
from scraper.candidate c
cross join lateral (
  select case when c.kind = 'land' then c.land_m2 else c.surface_m2 end as m2) as size
cross join lateral (
  select c.estimate_low_per_m2_eur * size.m2 >= 500
     and c.estimate_high_per_m2_eur * size.m2 < 1000000000 as telling) as worth;

-- Planned once in a session: what it joins for ten homes would take as long to plan as to draw them.
create function assigner.facts(property_ids uuid[]) returns setof assigner.offer
language sql stable set plan_cache_mode = force_generic_plan
as $$ select * from assigner.offer where offer.property_id = any(property_ids) $$;
comment on function assigner.facts(uuid[]) is 'What is delivered of these homes on offer.';

reset role;

-- migrate:down
