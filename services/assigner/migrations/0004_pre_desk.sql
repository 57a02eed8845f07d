-- migrate:up
set local role assigner_owner;

-- Every state of a follow-up, as it was set.
create table assigner.follow_up_history (
  id bigint generated always as identity primary key,
  client_id uuid not null,
  home_key text not null,
  status text not null,
  notes text,
  contact_date date,
  follow_up date,
  sale_horizon text,
  desired_price_eur numeric,
  followed_at timestamptz not null,
  foreign key (client_id, home_key) references assigner.follow_up
);
create index follow_up_history_door on assigner.follow_up_history (client_id, home_key, id);

create view assigner.followed as
select s.client_id, h.address_id, s.id, s.status, s.notes, s.contact_date, s.follow_up,
       s.sale_horizon, s.desired_price_eur, s.followed_at
from assigner.follow_up_history s
join assigner.home h on h.home_key = s.home_key;
comment on view assigner.followed is 'What an agent has made of an address, each state as it was set';
grant select on assigner.followed to gateway;

create function assigner.follow_up(client_id uuid, address_id uuid, change jsonb)
returns setof assigner.delivered
language plpgsql security definer set search_path = assigner, public
as $$
#variable_conflict use_column
declare
  door text;
begin
  -- An erasure or a reset waits, and takes what is written here too; follow-ups go side by side.
  perform pg_advisory_xact_lock_shared(hashtextextended('assigner.client ' || $1, 0));
  select a.home_key into door
  from assignment a join home h on h.home_key = a.home_key
  where a.client_id = $1 and h.address_id = $2 and a.job_id is not null
  for no key update of a;
  if change <> '{}' then
    with wanted as (
      select case when change ? 'status' then c.status else coalesce(f.status, 'new') end as status,
             case when change ? 'notes' then c.notes else f.notes end as notes,
             case when change ? 'contact_date' then c.contact_date else f.contact_date end
               as contact_date,
             case when change ? 'follow_up' then c.follow_up else f.follow_up end as follow_up,
             case when change ? 'sale_horizon' then c.sale_horizon else f.sale_horizon end
               as sale_horizon,
             case when change ? 'desired_price_eur' then c.desired_price_eur
                  else f.desired_price_eur end as desired_price_eur,
             greatest(public.clock(), f.followed_at + interval '1 microsecond') as followed_at,
             (f.status, f.notes, f.contact_date, f.follow_up, f.sale_horizon, f.desired_price_eur)
               as before
      from jsonb_to_record(change) as c (
        status text, notes text, contact_date date, follow_up date, sale_horizon text,
        desired_price_eur numeric)
      left join follow_up f on f.client_id = $1 and f.home_key = door
      where door is not null
    ), set_to as (
      insert into follow_up (client_id, home_key, status, notes, contact_date, follow_up,
                             sale_horizon, desired_price_eur, followed_at)
      select $1, door, status, notes, contact_date, follow_up, sale_horizon, desired_price_eur,
             followed_at
      from wanted
      where (status, notes, contact_date, follow_up, sale_horizon, desired_price_eur)
            is distinct from before
      on conflict (client_id, home_key) do update set
        status = excluded.status, notes = excluded.notes, contact_date = excluded.contact_date,
        follow_up = excluded.follow_up, sale_horizon = excluded.sale_horizon,
        desired_price_eur = excluded.desired_price_eur, followed_at = excluded.followed_at
      returning *
    )
    insert into follow_up_history (client_id, home_key, status, notes, contact_date, follow_up,
                                   sale_horizon, desired_price_eur, followed_at)
    select client_id, home_key, status, notes, contact_date, follow_up, sale_horizon,
           desired_price_eur, followed_at
    from set_to;
  end if;
  return query select * from delivered d where d.client_id = $1 and d.home_key = door;
end
$$;
comment on function assigner.follow_up(uuid, uuid, jsonb) is
  'Sets what an agent has made of an address, the fields of `change` only, and returns it as it is '
  'then; nothing where the client has not received it. With no fields it only keeps it to the '
  'transaction.';
grant execute on function assigner.follow_up(uuid, uuid, jsonb) to gateway;

-- What was reset, whole, for 30 days.
create table assigner.reset_assignment (
  client_id uuid not null,
  reset_at timestamptz not null,
  home_key text not null,
  assignment jsonb not null,
  choice jsonb not null,
  follow_up jsonb,
  history jsonb not null,
  primary key (client_id, reset_at, home_key)
);
create index reset_assignment_age on assigner.reset_assignment (reset_at);

create function assigner.reset(client_id uuid) returns int
language plpgsql security definer set search_path = assigner, public
as $$
#variable_conflict use_column
declare
  moment constant timestamptz := public.clock();
  moved int;
begin
  perform pg_advisory_xact_lock(hashtextextended('assigner.client ' || $1, 0));
  with states as (
    delete from follow_up_history s where s.client_id = $1 returning s.*
  ), history as (
    select home_key, jsonb_agg(to_jsonb(s) - 'id' order by s.id) as states
    from states s group by home_key
  ), followed as (
    delete from follow_up f where f.client_id = $1 returning f.*
  ), gone as (
    delete from assignment a where a.client_id = $1 and a.job_id is not null returning a.*
  )
  insert into reset_assignment (client_id, reset_at, home_key, assignment, choice, follow_up, history)
  select g.client_id, moment, g.home_key, to_jsonb(g) - 'shown_home_key', to_jsonb(c),
         to_jsonb(f), coalesce(h.states, '[]')
  from gone g
  join choice c on c.job_id = g.job_id
  left join followed f on f.home_key = g.home_key
  left join history h on h.home_key = g.home_key;
  get diagnostics moved = row_count;
  return moved;
end
$$;
comment on function assigner.reset(uuid) is
  'Takes back what a client has received, follow-up too, and says how many doors: they may be chosen '
  'again. The rows stay in reset_assignment for 30 days. Keeps the client to the transaction.';
grant execute on function assigner.reset(uuid) to gateway;

create function assigner.forget_choices(client_id uuid, job_ids uuid[]) returns int
language plpgsql security definer set search_path = assigner, public
as $$
#variable_conflict use_column
declare
  forgotten int;
begin
  delete from choice c where c.client_id = $1 and c.job_id = any($2);
  get diagnostics forgotten = row_count;
  return forgotten;
end
$$;
comment on function assigner.forget_choices(uuid, uuid[]) is
  'Lets these jobs choose anew when they are tried again, after a reset.';
grant execute on function assigner.forget_choices(uuid, uuid[]) to gateway;

-- By hand only: docs/operations.md. What the client has received again meanwhile stays as it is, and
-- so does the delivery of a job that has chosen anew.
create function assigner.restore(client_id uuid, reset_at timestamptz) returns int
language plpgsql security definer set search_path = assigner, public
as $$
#variable_conflict use_column
declare
  restored int;
begin
  perform pg_advisory_xact_lock(hashtextextended('assigner.client ' || $1, 0));
  insert into choice
  select distinct on (c.job_id) c.*
  from reset_assignment r cross join lateral jsonb_populate_record(null::choice, r.choice) as c
  where r.client_id = $1 and r.reset_at = $2
  on conflict do nothing;
  with back as (
    insert into assignment (
      client_id, home_key, assigned_at, job_id, position, property_id, insee_code, city_name,
      postal_code, address, kind, sold_on, price_eur, surface_m2, rooms, land_m2, latitude,
      longitude, source, edition, printed_address, position_source, position_score, estimate_eur,
      estimate_low_eur, estimate_high_eur, estimate_basis, estimate_comparables)
    select a.client_id, a.home_key, a.assigned_at, a.job_id, a.position, a.property_id, a.insee_code,
           a.city_name, a.postal_code, a.address, a.kind, a.sold_on, a.price_eur, a.surface_m2,
           a.rooms, a.land_m2, a.latitude, a.longitude, a.source, a.edition, a.printed_address,
           a.position_source, a.position_score, a.estimate_eur, a.estimate_low_eur,
           a.estimate_high_eur, a.estimate_basis, a.estimate_comparables
    from reset_assignment r
    cross join lateral jsonb_populate_record(null::assignment, r.assignment) as a
    join choice c on c.job_id = a.job_id and c.chosen_at = (r.choice ->> 'chosen_at')::timestamptz
    where r.client_id = $1 and r.reset_at = $2
    on conflict do nothing
    returning home_key
  ), taken as (
    delete from reset_assignment r
    where r.client_id = $1 and r.reset_at = $2 and r.home_key in (select home_key from back)
    returning r.*
  ), followed as (
    insert into follow_up
    select f.* from taken t cross join lateral jsonb_populate_record(null::follow_up, t.follow_up) as f
    where t.follow_up is not null
  ), history as (
    insert into follow_up_history (client_id, home_key, status, notes, contact_date, follow_up,
                                   sale_horizon, desired_price_eur, followed_at)
    select s.client_id, s.home_key, s.status, s.notes, s.contact_date, s.follow_up, s.sale_horizon,
           s.desired_price_eur, s.followed_at
    from taken t
    cross join lateral jsonb_populate_recordset(null::follow_up_history, t.history) as s
    order by s.followed_at
  )
  select count(*) into restored from taken;
  return restored;
end
$$;
comment on function assigner.restore(uuid, timestamptz) is
  'Gives back what a reset took, and says how many doors. By hand only.';

create function assigner.preview_choice(
  client_id uuid, requested int, cities text[], kinds text[], seed bigint)
returns table (
  "position" bigint, home_key text, address text, city_name text, postal_code text, insee_code text,
  kind text, sold_on date, price_eur numeric, surface_m2 numeric, rooms int, land_m2 numeric,
  latitude float8, longitude float8, position_source text, estimate_eur int, estimate_low_eur int,
  estimate_high_eur int, estimate_basis text, estimate_comparables int)
language sql stable security definer
set search_path = assigner, public set plan_cache_mode = force_custom_plan
as $$
  select drawn.position, drawn.home_key, address, city_name, postal_code, insee_code, kind, sold_on,
         price_eur, surface_m2, rooms, land_m2, latitude, longitude, position_source, estimate_eur,
         estimate_low_eur, estimate_high_eur, estimate_basis, estimate_comparables
  from rule
  cross join (select (public.clock() at time zone 'Europe/Paris')::date as today) as day
  cross join lateral drawn(
    jsonb_build_array(jsonb_build_object(
      'job_id', uuidv7(), 'client_id', $1, 'requested', $2, 'cities', $3, 'kinds', $4, 'seed', $5,
      'sold_from', (today - make_interval(years => most_years))::date,
      'sold_until', (today - make_interval(years => least_years))::date)),
    strategy, exclusivity_months > 0)
  join offer using (property_id)
  order by drawn.position
$$;
comment on function assigner.preview_choice(uuid, int, text[], text[], bigint) is
  'What a job of today would choose, by the rule of the assigners. Writes nothing.';
grant execute on function assigner.preview_choice(uuid, int, text[], text[], bigint) to gateway;

create function assigner.record_history(rows jsonb) returns int
language plpgsql security definer set search_path = assigner, public
as $$
#variable_conflict use_column
declare
  added int;
begin
  perform pg_advisory_xact_lock(key) from (
    select distinct hashtextextended('assigner.client ' || client_id, 0) as key
    from jsonb_to_recordset(rows) as r (client_id uuid)
    order by key
  ) as one_after_the_other;
  insert into assignment (client_id, home_key, assigned_at)
  select r.client_id, door, min(coalesce(r.assigned_at, public.clock()))
  from jsonb_to_recordset(rows) as r (client_id uuid, home_keys text[], assigned_at timestamptz)
  cross join lateral unnest(r.home_keys) as door
  group by r.client_id, door
  on conflict do nothing;
  get diagnostics added = row_count;
  return added;
end
$$;
comment on function assigner.record_history(jsonb) is
  'Doors that clients have received before us ({client_id, home_keys, assigned_at} each): never '
  'given to them again, never shown. Says how many are new.';
grant execute on function assigner.record_history(jsonb) to gateway, scraper;

reset role;

-- migrate:down
