-- migrate:up
set local role gateway_owner;

-- What the bus said of each partition when it was last looked at. A page reads this, never the bus.
create table gateway.lag_partition (
  consumer_group text not null,
  topic text not null,
  partition int not null check (partition >= 0),
  first_offset bigint not null check (first_offset >= 0),
  end_offset bigint not null check (end_offset >= 0),
  committed bigint check (committed >= 0),
  oldest_at timestamptz,
  moved_at timestamptz,
  lag bigint not null
    generated always as (greatest(0, end_offset - greatest(first_offset, coalesce(committed, 0)))) stored,
  primary key (consumer_group, topic, partition)
);
comment on column gateway.lag_partition.committed is 'where the group goes on; null: it has read nothing yet';
comment on column gateway.lag_partition.oldest_at is 'when the first event that waits was published; null: none, or not known';
comment on column gateway.lag_partition.moved_at is 'when `committed` was first seen as it is; null: it never moved while we looked';

create table gateway.lag_group (
  consumer_group text primary key,
  members int not null check (members >= 0)
);

-- One row: when the bus was last asked, and when it last answered.
create table gateway.lag_look (
  only_one boolean primary key default true check (only_one),
  looked_at timestamptz not null,
  answered_at timestamptz
);

-- The past of a group on a topic; 48 hours are kept.
create table gateway.lag_sample (
  at timestamptz not null,
  consumer_group text not null,
  topic text not null,
  lag bigint not null check (lag >= 0),
  oldest_seconds float8 not null check (oldest_seconds >= 0),
  primary key (at, consumer_group, topic)
);

-- The audit by who, by what and by day, the newest first.
create index audit_who on gateway.audit (actor, id);
create index audit_what on gateway.audit (action, id);
create index audit_when on gateway.audit (at);

reset role;

-- migrate:down
