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

# Whoever registers or moves to a mail address asks in turn: a conflict is found by looking, since
# the server would write the address of one that it refuses into its own log.
TAKE_TURN: Final = """
    select pg_advisory_xact_lock(hashtextextended('gateway.client ' || lower($1::text), 0))
"""

IS_TAKEN: Final = "select exists (select from client where lower(email) = lower($1) and id <> $2)"

FIND_TO_CHANGE: Final = FIND + " for update"

CHANGE: Final = """
    update client
    set status = $2::text, first_name = $3, last_name = $4, email = $5, telephone = $6,
        company_name = $7, locale = $8, subscription_type = $9, send_day = $10,
        addresses_per_report = $11, chosen_cities = $12, property_type_preferences = $13,
        active_since = case when $2 = 'active' and status <> 'active'
                            then (public.clock() at time zone 'Europe/Paris')::date
                            else active_since end,
        welcomed_at = case when $2 = 'active' then coalesce(welcomed_at, public.clock())
                           else welcomed_at end,
        version = version + 1, updated_at = public.clock()
    where id = $1
    returning old.welcomed_at is distinct from new.welcomed_at
"""

EXISTS: Final = "select exists (select from client where id = $1)"


async def register(connection: Connection, client: NewClient) -> Client | None:
    """The client as registered, or None where the mail address is in use."""
    await connection.execute(TAKE_TURN, client.email)
    row = await connection.fetchrow(REGISTER, *msgspec.structs.astuple(client))
    return Client(**row) if row else None


async def find(connection: Connection, client_id: UUID) -> Client | None:
    """The client, whatever its status."""
    row = await connection.fetchrow(FIND, client_id)
    return Client(**row) if row else None


async def find_to_change(connection: Connection, client_id: UUID) -> Client | None:
    """The client, kept to this transaction."""
    row = await connection.fetchrow(FIND_TO_CHANGE, client_id)
    return Client(**row) if row else None


async def is_taken(connection: Connection, email: str, client_id: UUID) -> bool:
    """Whether the mail address belongs to another client, and will until this transaction ends."""
    await connection.execute(TAKE_TURN, email)
    return bool(await connection.fetchval(IS_TAKEN, email, client_id))


async def change(connection: Connection, client_id: UUID, changed: NewClient) -> bool:
    """Make the client what it is to be; true when it is active for the first time in its life."""
    given = msgspec.structs.astuple(changed)
    return bool(await connection.fetchval(CHANGE, client_id, *given))


async def exists(connection: Connection, client_id: UUID) -> bool:
    """Whether there is such a client, whatever its status."""
    return bool(await connection.fetchval(EXISTS, client_id))
