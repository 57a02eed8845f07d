-- migrate:up
set local role assigner_owner;

-- What the geocoder has said about a door, kept so that it is asked once. Without a door as it is
-- written: it was asked, and nothing it said was believed.
create table assigner.geocoded (
  home_key text primary key,
  address text not null,
  door text,
  latitude float8 check (latitude between -90 and 90),
  longitude float8 check (longitude between -180 and 180),
  score real check (score between 0 and 1),
  asked_at timestamptz not null default public.clock(),
  constraint believed_or_not check (num_nulls(door, latitude, longitude, score) in (0, 4))
);
comment on column assigner.geocoded.address is 'The line of the sale that was asked for';

-- A run of a job whose homes are chosen and not yet told: their positions are asked for. The row
-- goes in the transaction that says properties.assigned, at the deadline at the latest; it goes with
-- the choice where the client is erased.
create table assigner.awaited_position (
  job_id uuid not null references assigner.choice on delete cascade,
  run int not null,
  client_id uuid not null,
  homes int not null check (homes > 0),
  event jsonb not null,
  cause jsonb not null,
  deadline timestamptz not null default public.clock() + interval '10 seconds',
  claims int not null default 0,
  lease_until timestamptz,
  primary key (job_id, run)
);
comment on column assigner.awaited_position.claims is 'How often somebody began to ask for it';
comment on column assigner.awaited_position.lease_until is 'Nobody else asks for it until then';
comment on column assigner.awaited_position.cause is 'Id, correlation and trace of the event that asked';
-- Each row is written once more when its positions are known: beside itself, if the page has room.
alter table assigner.assignment set (fillfactor = 60);

create index awaited_position_deadline on assigner.awaited_position (deadline);

reset role;

-- migrate:down
