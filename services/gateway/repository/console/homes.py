"""The homes that a client has received, as cards of the console."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection

MONTHS: Final = 12


class DeliveredCard(msgspec.Struct, frozen=True, kw_only=True):
    """A home as delivered, what it may be worth, and what the agent made of it."""

    address_id: UUID
    job_id: UUID
    position: int
    address: str
    is_printed: bool
    """Whether the address names its city, as on an envelope."""
    postal_code: str
    city_name: str
    kind: str
    surface_m2: float | None
    land_m2: float | None
    rooms: int | None
    price_eur: float
    sold_on: date
    latitude: float | None
    position_source: str | None
    estimate_eur: int | None
    estimate_low_eur: int | None
    estimate_high_eur: int | None
    estimate_basis: str | None
    estimate_comparables: int | None
    source: str
    edition: str
    assigned_at: datetime
    sent_on: date
    follow_status: str
    notes: str | None
    contact_date: date | None
    follow_up: date | None
    sale_horizon: str | None
    desired_price_eur: float | None
    followed_at: datetime | None
    overdue: bool

    @property
    def eur_per_m2(self) -> float | None:
        """Of the floor, or of the ground where nothing is built."""
        area = self.land_m2 if self.kind == "land" else self.surface_m2
        return self.price_eur / area if area and self.kind != "other" else None

    @property
    def age(self) -> tuple[int, int]:
        """Whole years and months between the sale and the delivery."""
        months = (self.sent_on.year - self.sold_on.year) * MONTHS
        months += self.sent_on.month - self.sold_on.month - (self.sent_on.day < self.sold_on.day)
        return divmod(months, MONTHS)


# The order of the interface and of the client's own page.
CARDS: Final = """
    select address_id, job_id, position, coalesce(printed_address, address) as address,
           printed_address is not null as is_printed, postal_code, city_name, kind, surface_m2::float8 as surface_m2, land_m2::float8 as land_m2, rooms,
           price_eur::float8 as price_eur, sold_on, latitude, position_source, estimate_eur,
           estimate_low_eur, estimate_high_eur, estimate_basis, estimate_comparables, source, edition,
           assigned_at, (assigned_at at time zone 'Europe/Paris')::date as sent_on, follow_status,
           notes, contact_date, follow_up, sale_horizon, desired_price_eur::float8 as desired_price_eur,
           followed_at,
           coalesce(follow_up <= (public.clock() at time zone 'Europe/Paris')::date
                    and follow_status <> 'sold', false) as overdue
    from assigner.delivered d
    where client_id = $1 and ($2::text is null or follow_status = $2)
      and not exists (select from scraper.opposed o where o.home_key = d.home_key)
    order by max(assigned_at) over (partition by job_id) desc, job_id, position
    limit $3 offset $4
"""

# How many stand before a home in that order.
BEFORE: Final = """
    select number - 1 from (
      select address_id, row_number() over (order by newest desc, job_id, position) as number
      from (
        select address_id, job_id, position, max(assigned_at) over (partition by job_id) as newest
        from assigner.delivered d
        where client_id = $1
          and not exists (select from scraper.opposed o where o.home_key = d.home_key)
      ) as homes
    ) as numbered
    where address_id = $2
"""


async def cards(
    connection: Connection, client_id: UUID, *, status: str | None, limit: int, offset: int
) -> Sequence[DeliveredCard]:
    """Some of the homes, the newest delivery first."""
    rows: Sequence[Any] = await connection.fetch(CARDS, client_id, status, limit, offset)
    return [DeliveredCard(**row) for row in rows]


async def before(connection: Connection, client_id: UUID, address_id: UUID) -> int | None:
    """How many homes the list shows before this one; nothing for a home that it does not show."""
    return await connection.fetchval(BEFORE, client_id, address_id)
