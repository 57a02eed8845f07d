"""Who did what, and what the database is: the audit with its filters, the migrations applied."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from libs.common.postgres import Connection


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    request_id: str
    detail: Mapping[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows; what is None or empty does not matter. `day` is a day in Paris."""

    actor: str | None = None
    action: str | None = None
    targets: Sequence[str] = ()
    day: date | None = None


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Who has acted, and what has been done, once each."""

    actors: Sequence[str]
    actions: Sequence[str]


AUDIT: Final = """
    select id, at, actor, action, target, request_id, detail from audit
    where ($2::text is null or actor = $2) and ($3::text is null or action = $3)
      and id < coalesce($1, 9223372036854775807)
    order by id desc limit $4
"""

AUDIT_OF_TARGET: Final = """
    select id, at, actor, action, target, request_id, detail from audit
    where target = any($5::text[])
      and ($2::text is null or actor = $2) and ($3::text is null or action = $3)
      and ($6::date is null or (at at time zone 'Europe/Paris')::date = $6)
      and id < coalesce($1, 9223372036854775807)
    order by id desc limit $4
"""

AUDIT_OF_DAY: Final = """
    with day as materialized (
      select id, at, actor, action, target, request_id, detail from audit
      where at >= $5::date::timestamp at time zone 'Europe/Paris'
        and at < ($5::date + 1)::timestamp at time zone 'Europe/Paris'
    )
    select id, at, actor, action, target, request_id, detail from day
    where ($2::text is null or actor = $2) and ($3::text is null or action = $3)
      and id < coalesce($1, 9223372036854775807)
    order by id desc limit $4
"""

# Each is found by a step in its index: nobody walks through all rows.
NAMES: Final = """
    with recursive actor as (
      (select actor as name from audit order by actor limit 1)
      union all
      select (select a.actor from audit a where a.actor > actor.name order by a.actor limit 1)
      from actor where actor.name is not null
    ), action as (
      (select action as name from audit order by action limit 1)
      union all
      select (select a.action from audit a where a.action > action.name order by a.action limit 1)
      from action where action.name is not null
    )
    select array(select name from actor where name is not null limit 200) as actors,
           array(select name from action where name is not null limit 200) as actions
"""

MIGRATIONS: Final = "select version from migration order by version"

SERVER_VERSION: Final = "select current_setting('server_version')"


async def audit(
    connection: Connection, wanted: Wanted, *, before: int | None, limit: int
) -> Sequence[Record]:
    """What was done, the newest first, only rows before a number."""
    asked = (before, wanted.actor, wanted.action, limit)
    if wanted.targets:
        rows = await connection.fetch(AUDIT_OF_TARGET, *asked, wanted.targets, wanted.day)
    elif wanted.day:
        rows = await connection.fetch(AUDIT_OF_DAY, *asked, wanted.day)
    else:
        rows = await connection.fetch(AUDIT, *asked)
    return [Record(**row) for row in rows]


async def names(connection: Connection) -> Named:
    """What the filters offer."""
    (row,) = await connection.fetch(NAMES)
    return Named(**row)


async def migrations(connection: Connection) -> Sequence[str]:
    """The numbers of our migrations that this database has."""
    return [row["version"] for row in await connection.fetch(MIGRATIONS)]


async def server_version(connection: Connection) -> str:
    """Which PostgreSQL answers."""
    return str(await connection.fetchval(SERVER_VERSION))
