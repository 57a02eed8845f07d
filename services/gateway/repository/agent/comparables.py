"""Recent sales that a home is compared with, as the scraper knows them."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from libs.common.postgres import Connection

MOST: Final = 6


class Comparable(msgspec.Struct, frozen=True, kw_only=True):
    """A sale of the same kind in the same commune."""

    address: str
    sold_on: date
    price_eur: float
    m2: float
    eur_per_m2: float


NEAREST: Final = """
    select address, sold_on, price_eur, m2, eur_per_m2 from scraper.comparables($1, $2, $3, $4, $5)
"""


async def nearest(connection: Connection, home: Any) -> Sequence[Comparable]:
    """The nearest to a home; the newest where nobody knows where it stands."""
    where = home["latitude"], home["longitude"]
    rows = await connection.fetch(NEAREST, home["insee_code"], home["property_type"], *where, MOST)
    return [Comparable(**row) for row in rows]
