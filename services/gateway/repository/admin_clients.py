"""Clients as operators see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class NamedCity(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen city, spelled out."""

    city_id: UUID
    name: str
    postal_code: str
    insee_code: str


class ClientRow(msgspec.Struct, frozen=True, kw_only=True):
    """A client in a list; `chosen_cities` are INSEE codes."""

    id: UUID
    first_name: str
    last_name: str
    email: str
    status: str
    subscription_type: str
    chosen_cities: Sequence[str]
    property_type_preferences: Sequence[str]
    addresses_per_report: int
    send_day: int
    created_at: datetime


PAGE: Final = """
    select id, first_name, last_name, email, status, subscription_type, chosen_cities,
           property_type_preferences, addresses_per_report, send_day, created_at
    from client
    where $1::text is null or status = $1
    order by created_at, id
    limit $2 offset $3
"""

CITIES: Final = """
    select city_id, name, postal_code, insee_code from scraper.place_overview
    where insee_code = any($1::text[])
    order by array_position($1::text[], insee_code)
"""


async def page(
    connection: Connection, *, status: str | None, limit: int, offset: int
) -> Sequence[ClientRow]:
    """Some of the clients, the first registered first: who comes later moves no page."""
    rows: Sequence[Any] = await connection.fetch(PAGE, status, limit, offset)
    return [ClientRow(**row) for row in rows]


async def cities(connection: Connection, insee_codes: Sequence[str]) -> Sequence[NamedCity]:
    """These cities by their names, in this order."""
    return [NamedCity(**row) for row in await connection.fetch(CITIES, insee_codes)]
