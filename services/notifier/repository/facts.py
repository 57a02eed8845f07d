"""What mails tell: contacts, homes as delivered, names of places."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.notifier.domain.mail import Contact, Draft, Home, Mail

CONTACTS: Final = """
    select contact.client_id, first_name, last_name, email, company_name, locale, status,
           subscription_type, chosen_cities, property_type_preferences, send_day,
           addresses_per_report,
           case when contact.client_id = any($2::uuid[]) then first_delivery_on end
             as first_delivery_on,
           exists (select from suppression where suppression.client_id = contact.client_id)
             as suppressed
    from gateway.client_contact as contact
    where contact.client_id = any($1::uuid[])
"""

# `offset 0`: each door is looked up by its key; else all doors under opposition are read each time.
HOMES: Final = """
    select job_id, position, home_key, address, postal_code, city_name, kind, sold_on,
           price_eur::float8 as price_eur, surface_m2::float8 as surface_m2, rooms, source,
           land_m2::float8 as land_m2, printed_address, estimate_eur, estimate_low_eur,
           estimate_high_eur, estimate_basis, estimate_comparables,
           (assigned_at at time zone 'Europe/Paris')::date as assigned_on,
           exists (select from scraper.opposed where opposed.home_key = delivered.home_key
                   offset 0) as opposed
    from assigner.delivered
    where job_id = any($1::uuid[])
    order by job_id, position
"""

PLACES: Final = """
    select insee_code, name, postal_code from scraper.place_overview
    where insee_code = any($1::text[])
"""

TODAY: Final = "select (public.clock() at time zone 'Europe/Paris')::date"


async def drafts(connection: Connection, mails: Sequence[Mail]) -> list[Draft]:
    """The claimed mails with all that their words need, in a few statements for all."""
    contacts = await _contacts(connection, mails)
    homes = await _homes(
        connection, {mail.job.id for mail in mails if mail.kind == "notification" and mail.job}
    )
    named = {mail.id: _cities(mail, contacts) for mail in mails}
    places = await _places(connection, {code for codes in named.values() for code in codes})
    [(today,)] = await connection.fetch(TODAY)
    return [
        Draft(
            mail=mail,
            contact=contacts.get(mail.client_id) if mail.client_id else None,
            **_offered(homes.get(mail.job.id, ()) if mail.job else ()),
            places=[places.get(code, code) for code in named[mail.id]],
            today=today,
        )
        for mail in mails
    ]


def _cities(mail: Mail, contacts: dict[UUID, Contact]) -> Sequence[str]:
    if mail.kind == "insufficient":
        return mail.detail.get("cities", ())
    contact = contacts.get(mail.client_id) if mail.client_id else None
    return contact.chosen_cities if contact and mail.kind in {"welcome", "monthly"} else ()


async def _contacts(connection: Connection, mails: Sequence[Mail]) -> dict[UUID, Contact]:
    client_ids = {mail.client_id for mail in mails if mail.client_id}
    # The day is worked out for a welcome alone: nobody else reads it, and it takes a calendar.
    welcomed = {mail.client_id for mail in mails if mail.kind == "welcome"}
    rows = await connection.fetch(CONTACTS, list(client_ids), list(welcomed)) if client_ids else []
    return {row["client_id"]: Contact(**row) for row in rows}


async def _homes(connection: Connection, job_ids: set[UUID]) -> dict[UUID, list[Any]]:
    rows = await connection.fetch(HOMES, list(job_ids)) if job_ids else []
    return {job_id: list(group) for job_id, group in groupby(rows, key=lambda row: row["job_id"])}


def _offered(rows: Sequence[Any]) -> dict[str, Any]:
    """The homes that may be shown, and how many may not."""
    homes = [_home(row) for row in rows if not row["opposed"]]
    return {"homes": homes, "withheld": len(rows) - len(homes)}


def _home(row: Any) -> Home:
    return msgspec.convert({**row, "job_id": None}, Home)


async def _places(connection: Connection, codes: set[str]) -> dict[str, str]:
    rows = await connection.fetch(PLACES, list(codes)) if codes else []
    return {row["insee_code"]: f"{row['name']} ({row['postal_code']})" for row in rows}
