"""Ticks of the schedule, each handled once."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from libs.common.postgres import Connection
from services.notifier.handlers.requests import Due

DUE: Final = """
    select tick.due_on, due.client_id, due.effective_day as delivery_on, due.month
    from unnest($1::date[]) as tick (due_on)
    cross join (select (public.clock() at time zone 'Europe/Paris')::date as today) as paris
    cross join lateral gateway.due_clients(tick.due_on + 1, paris.today) as due
    where tick.due_on + 1 > paris.today
"""

HANDLED: Final = """
    insert into tick_handled (kind, due_on, clients)
    select 'pre_notification', due_on, clients
    from unnest($1::date[], $2::int[]) as tick (due_on, clients)
    on conflict (kind, due_on) do nothing
    returning due_on
"""


class PostgresTicks(msgspec.Struct, frozen=True):
    """The ticks that a handler meets, in the transaction of their events."""

    connection: Connection

    async def due(self, due_on: Sequence[date]) -> Sequence[Due]:
        """The clients whose delivery is the day after a tick, if that day is still to come."""
        return [Due(*row) for row in await self.connection.fetch(DUE, due_on)]

    async def handled(self, clients: Mapping[date, int]) -> set[date]:
        """Record the ticks with their numbers of clients; return those not met before."""
        rows = await self.connection.fetch(HANDLED, list(clients), list(clients.values()))
        return {row["due_on"] for row in rows}
