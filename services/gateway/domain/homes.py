"""Homes that a client has received."""

from datetime import date
from uuid import UUID

import msgspec


class DeliveredHome(msgspec.Struct, frozen=True, kw_only=True):
    """A home as it was delivered, and what the agent has made of it."""

    address_id: UUID
    address: str
    postal_code: str
    city_name: str
    printed_address: str | None
    kind: str
    surface_m2: float | None
    land_m2: float | None
    rooms: int | None
    price_eur: float
    sold_on: date
    estimate_eur: int | None
    estimate_low_eur: int | None
    estimate_high_eur: int | None
    estimate_basis: str | None
    estimate_comparables: int | None
    follow_status: str
    source: str
    edition: str
    sent_on: date
