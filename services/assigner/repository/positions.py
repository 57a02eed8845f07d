"""Jobs whose positions are awaited: claims under a lease, and what the geocoder has said of doors."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.events import PropertiesAssigned
from libs.common.postgres import Connection
from services.assigner.domain.position import Home, Position
from services.assigner.handlers.ports import Claimed, Known, Told

UNSETTLED: Final = """
    select distinct job_id from assignment
    where job_id = any($1::uuid[]) and printed_address is null
"""

AWAIT: Final = """
    insert into awaited_position (job_id, run, client_id, homes, event, cause)
    select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::int[], $5::jsonb[], $6::jsonb[])
    on conflict (job_id, run) do nothing
"""

# As many as have $2 homes together, one at least; the others are let go when the transaction ends.
CLAIM: Final = """
    with due as (
      select job_id, run, deadline, homes from awaited_position
      where (lease_until is null or lease_until <= public.clock())
        and deadline > public.clock() + $3::interval
      order by deadline, job_id, run limit $1
      for update skip locked
    ), counted as (
      select *, sum(homes) over (order by deadline, job_id, run) as so_far from due
    )
    update awaited_position as one
    set claims = claims + 1, lease_until = public.clock() + $4::interval
    from counted
    where one.job_id = counted.job_id and one.run = counted.run and so_far - counted.homes < $2
    returning one.job_id, one.run, one.client_id, one.claims,
              extract(epoch from one.deadline - public.clock())::float8 as seconds_left
"""

# A deadline that is further off than any was when it was set: the clock has been put back. Clients
# whom somebody else keeps for long, as a load of sales may, are passed over: others' time is short.
LATE: Final = """
    select job_id, run, client_id, claims,
           extract(epoch from deadline - public.clock())::float8 as seconds_left
    from (
      select * from awaited_position
      where deadline <= public.clock() + $2::interval
         or deadline > public.clock() + interval '11 seconds'
      order by deadline, job_id, run limit 50 * $1::int
    ) as due
    where pg_try_advisory_xact_lock(hashtextextended('assigner.client ' || client_id, 0))
    limit $1::int
"""

GIVE_BACK: Final = """
    update awaited_position as one set lease_until = public.clock() + $3::interval
    from unnest($1::uuid[], $2::int[]) as claim (job_id, run)
    where one.job_id = claim.job_id and one.run = claim.run
"""

# A point of the commune says nothing about the door. The geocoder's data change every week, and what
# it did not know may have been a bad day of its own.
HOMES: Final = """
    select given.job_id, given.client_id, given.home_key, given.address, given.postal_code,
           given.city_name, given.insee_code,
           case when position_source = 'parcel' then given.latitude end as latitude,
           case when position_source = 'parcel' then given.longitude end as longitude,
           geocoded.home_key is not null as asked, door, score,
           geocoded.latitude as door_latitude, geocoded.longitude as door_longitude
    from assignment as given
    left join geocoded on geocoded.home_key = given.home_key
      and geocoded.address = given.address
      and geocoded.asked_at > public.clock()
          - case when door is null then interval '1 day' else interval '180 days' end
    where given.job_id = any($1::uuid[]) and given.printed_address is null
"""

# The lock of a choice, as in `choices.LOCK`, from those who have it to give.
FREE: Final = """
    select client_id from unnest($1::uuid[]) as client_id
    where pg_try_advisory_xact_lock(hashtextextended('assigner.client ' || client_id, 0))
"""

RELEASE: Final = """
    delete from awaited_position as one
    using unnest($1::uuid[], $2::int[]) as claim (job_id, run)
    where one.job_id = claim.job_id and one.run = claim.run and one.client_id = any($3::uuid[])
    returning one.event, one.cause
"""

# What has once been said about a delivered home stays said.
SETTLE: Final = """
    update assignment as given
    set printed_address = said.printed_address,
        latitude = coalesce(said.latitude, given.latitude),
        longitude = coalesce(said.longitude, given.longitude),
        position_source = case when said.score is null then given.position_source
                               else 'geocoder' end,
        position_score = said.score
    from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::real[])
      as said (client_id, home_key, printed_address, latitude, longitude, score)
    where given.client_id = said.client_id and given.home_key = said.home_key
      and given.job_id is not null and given.printed_address is null
"""

REMEMBER: Final = """
    insert into geocoded (home_key, address, door, latitude, longitude, score)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::real[])
      as said (home_key, address, door, latitude, longitude, score)
    order by home_key  -- the same order everywhere: no deadlock over a door of many
    on conflict (home_key) do update
    set address = excluded.address, door = excluded.door, latitude = excluded.latitude,
        longitude = excluded.longitude, score = excluded.score, asked_at = public.clock()
"""


class PostgresPositions(msgspec.Struct, frozen=True):
    """Awaited positions, in the transaction of this connection."""

    connection: Connection

    async def unsettled(self, job_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of these jobs that have homes without a printed address."""
        rows = await self.connection.fetch(UNSETTLED, list(job_ids))
        return frozenset(row["job_id"] for row in rows)

    async def wait(self, told: Sequence[Told]) -> None:
        """Let these wait for the positions of their homes."""
        rows = [
            (event.job_id, event.run, event.client_id, event.found, event, _written(cause))
            for event, cause in told
        ]
        await self.connection.execute(AWAIT, *_columns(rows))

    async def claim(
        self, *, jobs: int, homes: int, least_seconds: float, lease_seconds: float
    ) -> Sequence[Claimed]:
        """Runs that nobody asks for, with at least so much time left, ours for the lease."""
        least, lease = timedelta(seconds=least_seconds), timedelta(seconds=lease_seconds)
        return _claimed(await self.connection.fetch(CLAIM, jobs, homes, least, lease))

    async def late(self, *, jobs: int, seconds: float) -> Sequence[Claimed]:
        """Runs that have no more time left than that, or whose time nobody knows."""
        return _claimed(await self.connection.fetch(LATE, jobs, timedelta(seconds=seconds)))

    async def give_back(self, claimed: Sequence[Claimed], *, after_seconds: float) -> None:
        """Let them be claimed again, after a while."""
        after = timedelta(seconds=after_seconds)
        await self.connection.execute(GIVE_BACK, *_named(claimed), after)

    async def homes(self, job_ids: Sequence[UUID]) -> Sequence[Known]:
        """The unsettled homes of these jobs."""
        return [_known(row) for row in await self.connection.fetch(HOMES, list(job_ids))]

    async def release(self, claimed: Sequence[Claimed]) -> Sequence[Told]:
        """What is now to be said of these runs; their clients are locked, as for a choice.

        Nothing of clients whom somebody else keeps: nobody waits for another's client.
        """
        free = await self.connection.fetch(FREE, list({one.client_id for one in claimed}))
        clients = [row["client_id"] for row in free]
        rows = await self.connection.fetch(RELEASE, *_named(claimed), clients)
        return [
            (msgspec.convert(row["event"], PropertiesAssigned), _read(row["cause"], row["event"]))
            for row in rows
        ]

    async def settle(self, homes: Sequence[tuple[Home, str, Position | None]]) -> None:
        """Keep for good how a delivered home is printed, and where it stands if that was found."""
        rows = [
            (home.client_id, home.home_key, text, *_point(found)) for home, text, found in homes
        ]
        if rows:
            await self.connection.execute(SETTLE, *_columns(rows))

    async def remember(self, said: Sequence[tuple[Home, Position | None]]) -> None:
        """Keep what the geocoder has said about doors."""
        rows = [
            (home.home_key, home.address, found.door if found else None, *_point(found))
            for home, found in said
        ]
        await self.connection.execute(REMEMBER, *_columns(rows))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _named(claimed: Sequence[Claimed]) -> tuple[list[UUID], list[int]]:
    return [one.job_id for one in claimed], [one.run for one in claimed]


def _point(found: Position | None) -> tuple[float | None, float | None, float | None]:
    return (found.latitude, found.longitude, found.score) if found else (None, None, None)


def _claimed(rows: Sequence[Any]) -> list[Claimed]:
    return [Claimed(**dict(row)) for row in rows]


def _known(row: Any) -> Known:
    found = None
    if row["door"] is not None:
        found = Position(
            door=row["door"],
            latitude=row["door_latitude"],
            longitude=row["door_longitude"],
            score=row["score"],
        )
    home = Home(**{name: row[name] for name in Home.__struct_fields__})
    return Known(home=home, asked=row["asked"], found=found)


def _written(cause: Received[Any]) -> Mapping[str, object]:
    return {
        "id": cause.id,
        "correlation_id": cause.correlation_id,
        "traceparent": cause.traceparent,
    }


def _read(cause: Mapping[str, str], event: object) -> Received[Any]:
    return Received(
        id=UUID(cause["id"]),
        event=msgspec.convert(event, PropertiesAssigned),
        correlation_id=cause["correlation_id"],
        traceparent=cause["traceparent"],
    )
