"""The scheduler's schema: one row a kind and day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from libs.common.postgres import Connection
from services.scheduler.domain import Kind, Tick

CLOCK: Final = "select public.clock()"

LAST: Final = "select kind, max(due_on) as due_on from tick where not requested group by kind"

# A day that was requested by hand counts as ours once we come by it, and is not emitted again.
RECORD: Final = """
    insert into tick (kind, due_on, state, late)
    select kind, due_on, state, late
    from jsonb_to_recordset($1) as due (kind text, due_on date, state text, late boolean)
    on conflict (kind, due_on) do update set requested = false where tick.requested
    returning kind, due_on, old.kind is null as is_new
"""


class PostgresTicks(msgspec.Struct, frozen=True):
    """The ticks, in the transaction of this connection."""

    connection: Connection

    async def clock(self) -> datetime:
        """The database's clock."""
        now: Any = await self.connection.fetchval(CLOCK)
        return now

    async def last(self) -> Mapping[Kind, date]:
        """The last tick of each kind, without those requested by hand."""
        rows = await self.connection.fetch(LAST)
        return {row["kind"]: row["due_on"] for row in rows}

    async def record(self, ticks: Sequence[Tick]) -> list[Tick]:
        """Insert what is not there; returns what was inserted, in order."""
        rows = await self.connection.fetch(RECORD, ticks)
        new = {(row["kind"], row["due_on"]) for row in rows if row["is_new"]}
        return [tick for tick in ticks if (tick.kind, tick.due_on) in new]
