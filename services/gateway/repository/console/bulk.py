"""A group of dead letters at once: what it would do, the doing, and how far it has come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.console.dead_letters import DEAD, grouped
from services.gateway.repository.dead_letters import Service

Wish = Literal["replay", "discard"]

AT_ONCE: Final = 1_000
"""Letters that one request settles; for more it is sent again."""


def _settled_by(function: str) -> str:
    """The letters that are chosen, each by its own service's function, in one statement.

    Only as they were when the operator looked: what has died again since is another matter, and a
    request that is sent twice finds nothing the second time.
    """
    cases = " ".join(
        f"when '{service}' then {schema}{function}(id)"
        for service in get_args(Service)
        for schema in ("" if service == "gateway" else f"{service}.",)
    )
    return f"""
      with chosen as (
        select service, id, topic from ({DEAD}) as dead
        where group_id = $2 and updated_at <= $3
        order by created_at, id limit {AT_ONCE}
      )
      select count(*) filter (where found_in = 'dead')::int as settled,
             count(*) filter (where found_in = 'busy')::int as busy, coalesce(max(topic), '') as topic
      from (select topic, case service {cases} end as found_in from chosen) as asked
    """  # noqa: S608 - our own constants


REPLAY: Final = _settled_by("replay_held")
DISCARD: Final = _settled_by("discard_held")
STATEMENTS: Final[Mapping[Wish, str]] = {"replay": REPLAY, "discard": DISCARD}

LATEST: Final = """
    select at, (detail ->> 'letters')::int as letters, (detail ->> 'seen_at')::timestamptz as seen_at,
           detail ->> 'topic' as topic
    from audit
    where target = $1 and action = 'dead_letters.replay' and (detail ->> 'letters')::int > 0
      and at > public.clock() - interval '24 hours'
    order by id desc limit 1
"""

# One that is tried once more may fail in another way, and be in another group by then.
STANDING: Final = f"""
    select count(*) filter (
             where state = 'waiting' and (group_id = $4 or attempts > 0))::int as waiting,
           count(*) filter (where state = 'dead')::int as dead_again
    from ({grouped("topic, error, state, attempts, created_at", "replays > 0 and updated_at >= $3")})
      as replayed
    where topic = $2
"""  # noqa: S608 - our own constants


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters were settled; `busy` ones are being tried at this moment."""

    settled: int
    busy: int
    topic: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The last replay of a group, as the audit keeps it."""

    service: Service
    group_id: str
    topic: str
    at: datetime
    seen_at: datetime
    letters: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of the letters that were replayed."""

    waiting: int
    done: int
    dead_again: int


async def settle(
    connection: Connection, wish: Wish, service: Service, group_id: str, seen_at: datetime
) -> Settled:
    """Replay or discard the letters of a group that were dead by then, the oldest 1,000."""
    row: Any = await connection.fetchrow(STATEMENTS[wish], service, group_id, seen_at)
    return Settled(**row)


async def latest(connection: Connection, service: Service, group_id: str) -> Run | None:
    """The last replay of a group within a day."""
    row: Any = await connection.fetchrow(LATEST, f"{service}/{group_id}")
    return Run(service=service, group_id=group_id, **row) if row else None


async def standing(connection: Connection, run: Run) -> Standing:
    """How far a replay has come: no more than were asked for, whatever else was replayed meanwhile."""
    asked = (run.service, run.topic, run.seen_at, run.group_id)
    row: Any = await connection.fetchrow(STANDING, *asked)
    waiting = min(row["waiting"], run.letters)
    dead_again = min(row["dead_again"], run.letters - waiting)
    return Standing(waiting=waiting, dead_again=dead_again, done=run.letters - waiting - dead_again)
