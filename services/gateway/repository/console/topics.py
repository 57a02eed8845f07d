"""How far the groups are behind: what the bus said when it was last asked, and the past of that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from libs.common.postgres import Connection


class PartitionLook(msgspec.Struct, frozen=True, kw_only=True):
    """Where a group stands in a partition; `oldest_seconds` is the age of the first event that waits."""

    group: str
    topic: str
    partition: int
    first_offset: int
    end_offset: int
    committed: int | None
    oldest_seconds: float | None = None

    @property
    def next_offset(self) -> int:
        """Where the group goes on."""
        return max(self.first_offset, self.committed or 0)

    @property
    def lag(self) -> int:
        """How many events wait."""
        return max(0, self.end_offset - self.next_offset)


class GroupLook(msgspec.Struct, frozen=True, kw_only=True):
    """How many consumers share the work of a group."""

    group: str
    members: int


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the bus said at one moment."""

    groups: Sequence[GroupLook]
    partitions: Sequence[PartitionLook]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """When the bus was last asked and when it last answered; `silent` when the two are not the same.

    `overdue` when nobody has asked for some minutes: no gateway runs its samples.
    """

    looked_at: datetime
    answered_at: datetime | None
    silent: bool
    overdue: bool


class PartitionLag(msgspec.Struct, frozen=True, kw_only=True):
    """A group in a partition, as last seen."""

    partition: int
    first_offset: int
    end_offset: int
    committed: int | None
    lag: int
    oldest_seconds: float | None
    moved_at: datetime | None


class TopicLag(msgspec.Struct, frozen=True, kw_only=True):
    """A group on a topic: the sum of its partitions, and those."""

    consumer_group: str
    topic: str
    members: int
    lag: int
    oldest_seconds: float | None
    moved_at: datetime | None
    partitions: Sequence[PartitionLag]


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """The most that waited in each quarter of an hour, by its number; those in which nobody looked are missing."""

    consumer_group: str
    topic: str
    slots: Sequence[int]
    lags: Sequence[int]


# Of a partition that is gone nothing is shown; one that has not moved keeps its moment. Of every five
# minutes the worst is kept.
STORE: Final = """
    with now as materialized (select public.clock() as at),
    seen as (
      select consumer_group, topic, partition, first_offset, end_offset, committed,
             now.at - seconds * interval '1 second' as oldest_at, coalesce(seconds, 0) as seconds
      from now, unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::float8[])
        as s (consumer_group, topic, partition, first_offset, end_offset, committed, seconds)
    ), gone as (
      delete from lag_partition l
      where not exists (
        select from seen s
        where (s.consumer_group, s.topic, s.partition) = (l.consumer_group, l.topic, l.partition))
    ), past as (
      delete from lag_sample where at < public.clock() - interval '48 hours'
    ), kept as (
      insert into lag_partition as l
        (consumer_group, topic, partition, first_offset, end_offset, committed, oldest_at)
      select consumer_group, topic, partition, first_offset, end_offset, committed, oldest_at
      from seen order by consumer_group, topic, partition  -- the same order everywhere: no deadlock
      on conflict (consumer_group, topic, partition) do update
      set first_offset = excluded.first_offset, end_offset = excluded.end_offset,
          committed = excluded.committed, oldest_at = excluded.oldest_at,
          moved_at = case when l.committed is distinct from excluded.committed
                          then (select at from now) else l.moved_at end
      where (l.first_offset, l.end_offset, l.committed, l.oldest_at)
            is distinct from
            (excluded.first_offset, excluded.end_offset, excluded.committed, excluded.oldest_at)
    ), grouped as (
      insert into lag_group as g (consumer_group, members)
      select * from unnest($8::text[], $9::int[]) as m (consumer_group, members)
      order by consumer_group
      on conflict (consumer_group) do update set members = excluded.members
      where g.members <> excluded.members
    ), sampled as (
      insert into lag_sample as past (at, consumer_group, topic, lag, oldest_seconds)
      select date_bin('5 minutes', now.at, timestamptz '2020-01-01') as slot, consumer_group, topic,
             sum(greatest(0, end_offset - greatest(first_offset, coalesce(committed, 0)))), max(seconds)
      from seen, now group by slot, consumer_group, topic order by consumer_group, topic
      on conflict (at, consumer_group, topic) do update
      set lag = greatest(past.lag, excluded.lag),
          oldest_seconds = greatest(past.oldest_seconds, excluded.oldest_seconds)
    )
    insert into lag_look (looked_at, answered_at) select at, at from now
    on conflict (only_one) do update
    set looked_at = excluded.looked_at, answered_at = excluded.answered_at
"""

UNANSWERED: Final = """
    insert into lag_look (looked_at) values (public.clock())
    on conflict (only_one) do update set looked_at = excluded.looked_at
"""

ASKED: Final = """
    select looked_at, answered_at, answered_at is distinct from looked_at as silent,
           looked_at < public.clock() - interval '2 minutes' as overdue
    from lag_look
"""

# Ages are as of the answer, like the other figures.
LAGS: Final = """
    select l.consumer_group, l.topic, coalesce(g.members, 0) as members, sum(l.lag)::bigint as lag,
           extract(epoch from look.answered_at - min(l.oldest_at))::float8 as oldest_seconds,
           max(l.moved_at) as moved_at,
           jsonb_agg(jsonb_build_object(
             'partition', l.partition, 'first_offset', l.first_offset, 'end_offset', l.end_offset,
             'committed', l.committed, 'lag', l.lag, 'moved_at', l.moved_at,
             'oldest_seconds', extract(epoch from look.answered_at - l.oldest_at)::float8
           ) order by l.partition) as partitions
    from lag_partition l
    cross join lag_look look
    left join lag_group g using (consumer_group)
    group by l.consumer_group, l.topic, g.members, look.answered_at
    order by l.consumer_group, l.topic
"""

HISTORY: Final = """
    with began as materialized (
      select date_bin('15 minutes', public.clock(), timestamptz '2020-01-01')
             - ($1::int * 4 - 1) * interval '15 minutes' as at
    ),
    slot as (
      select consumer_group, topic, floor(extract(epoch from s.at - began.at) / 900)::int as slot,
             max(lag) as lag
      from began join lag_sample s on s.at >= (select at from began)
      group by 1, 2, 3
    )
    select consumer_group, topic, array_agg(slot) as slots, array_agg(lag) as lags
    from slot group by consumer_group, topic
"""


async def store(connection: Connection, found: Look | None) -> None:
    """Keep what the bus said, or that it said nothing; forget what is two days old."""
    if found is None:
        await connection.execute(UNANSWERED)
        return
    fields = ("group", "topic", "partition", "first_offset", "end_offset", "committed")
    columns = [[getattr(one, name) for one in found.partitions] for name in fields]
    ages = [one.oldest_seconds for one in found.partitions]
    names = [one.group for one in found.groups]
    await connection.execute(STORE, *columns, ages, names, [one.members for one in found.groups])


async def asked(connection: Connection) -> Asked | None:
    """How fresh the figures are; nothing when nobody has ever asked."""
    row = await connection.fetchrow(ASKED)
    return Asked(**row) if row else None


async def lags(connection: Connection) -> Sequence[TopicLag]:
    """Every group on every topic that it reads, as last seen."""
    rows = await connection.fetch(LAGS)
    return msgspec.convert([dict(row) for row in rows], list[TopicLag])


async def history(connection: Connection, hours: int) -> Sequence[Past]:
    """The past of every group and topic, four slots an hour, the present one last."""
    return [Past(**row) for row in await connection.fetch(HISTORY, hours)]
