"""The schedule as an operator sees it: who is due, and a tick by hand."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, cast
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from libs.telemetry import traces


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A client whom a day's tick serves, or whose delivery of that day exists already."""

    client_id: UUID
    effective_day: date
    already_served: bool


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a tick exists, and since when."""

    result: str
    created_at: datetime | None


TODAY: Final = "select (public.clock() at time zone 'Europe/Paris')::date"

DUE: Final = """
    select client_id, effective_day, false as already_served
    from due_clients($1::date, (public.clock() at time zone 'Europe/Paris')::date, $2::int)
    union all
    select d.client_id, d.due_on, true
    from monthly_delivery d join client c on c.id = d.client_id
    where d.due_on = $1::date
    order by effective_day, client_id
"""

FIND_TICK: Final = """
    select 'exists' as result, created_at
    from scheduler.tick_overview where kind = $1 and due_on = $2
"""

REQUEST_TICK: Final = "select result, created_at from scheduler.request_tick($1, $2, $3)"


async def today(connection: Connection) -> date:
    """The date in Paris, by the database's clock."""
    return cast(date, await connection.fetchval(TODAY))


async def due(connection: Connection, day: date, catch_up_days: int) -> Sequence[Due]:
    """Who is due on `day`, and who has had that day's delivery."""
    return [Due(**row) for row in await connection.fetch(DUE, day, catch_up_days)]


async def find_tick(connection: Connection, kind: str, due_on: date) -> Tick:
    """The tick, `new` where there is none yet."""
    row = await connection.fetchrow(FIND_TICK, kind, due_on)
    return Tick(**row) if row else Tick(result="new", created_at=None)


async def request_tick(connection: Connection, kind: str, due_on: date) -> Tick:
    """Have the tick emitted, once: `new`, or `exists` and since when."""
    (row,) = await connection.fetch(REQUEST_TICK, kind, due_on, traces.bound())
    return Tick(**row)
