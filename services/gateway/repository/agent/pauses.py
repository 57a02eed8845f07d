"""Clients who have paused on their own page, and when they are served next."""

from datetime import date
from typing import Final, cast
from uuid import UUID

from libs.common.postgres import Connection

PAUSE: Final = """
    insert into page_pause (client_id) values ($1)
    on conflict (client_id) do update set paused_at = public.clock()
"""

IS_PAUSED: Final = "select exists (select from page_pause where client_id = $1)"

NEXT_DELIVERY: Final = "select first_delivery_on from client_contact where client_id = $1"


async def pause(connection: Connection, client_id: UUID) -> None:
    """Remember that the client itself wishes no deliveries; after its status says so."""
    await connection.execute(PAUSE, client_id)


async def is_paused(connection: Connection, client_id: UUID) -> bool:
    """Whether the client itself wishes no deliveries, and nobody else has changed its status since."""
    return bool(await connection.fetchval(IS_PAUSED, client_id))


async def next_delivery(connection: Connection, client_id: UUID) -> date | None:
    """The day of the next delivery; none for whoever is not active."""
    return cast("date | None", await connection.fetchval(NEXT_DELIVERY, client_id))
