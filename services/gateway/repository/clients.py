"""Clients: registered once, found by id."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class NewClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client to be; the order is that of the statement's arguments."""

    status: str
    first_name: str
    last_name: str
    email: str
    telephone: str | None
    company_name: str | None
    locale: str
    subscription_type: str
    send_day: int
    addresses_per_report: int
    chosen_cities: Sequence[str]
    property_type_preferences: Sequence[str]


class Client(NewClient, frozen=True, kw_only=True):
    """A client as kept; `chosen_cities` are INSEE codes."""

    id: UUID
    active_since: date | None
    version: int
    created_at: datetime
    updated_at: datetime
    last_updated: datetime | None


REGISTER: Final = """
    insert into client (status, first_name, last_name, email, telephone, company_name, locale,
                        subscription_type, send_day, addresses_per_report, chosen_cities,
                        property_type_preferences, active_since, welcomed_at)
    select $1::text, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
           case when $1::text = 'active' then (public.clock() at time zone 'Europe/Paris')::date end,
           case when $1::text = 'active' then public.clock() end
    on conflict (lower(email)) do nothing
    returning id, status, first_name, last_name, email, telephone, company_name, locale,
              subscription_type, send_day, addresses_per_report, chosen_cities,
              property_type_preferences, active_since, version, created_at, updated_at,
              null::timestamptz as last_updated
"""

FIND: Final = """
    select id, status, first_name, last_name, email, telephone, company_name, locale,
           subscription_type, send_day, addresses_per_report, chosen_cities,
           property_type_preferences, active_since, version, created_at, updated_at,
           (select max(d.assigned_at) from assigner.delivered d where d.client_id = client.id)
             as last_updated
    from client where id = $1
"""

EXISTS: Final = "select exists (select from client where id = $1)"


async def register(connection: Connection, client: NewClient) -> Client | None:
    """The client as registered, or None where the mail address is in use."""
    row = await connection.fetchrow(REGISTER, *msgspec.structs.astuple(client))
    return Client(**row) if row else None


async def find(connection: Connection, client_id: UUID) -> Client | None:
    """The client, whatever its status."""
    row = await connection.fetchrow(FIND, client_id)
    return Client(**row) if row else None


async def exists(connection: Connection, client_id: UUID) -> bool:
    """Whether there is such a client, whatever its status."""
    return bool(await connection.fetchval(EXISTS, client_id))
