"""Addresses whose people object: they are kept by the scraper, and told nowhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class Opposed(msgspec.Struct, frozen=True, kw_only=True):
    """An opposition that stands now, or which field of the request stands against one, and why."""

    id: UUID | None
    is_new: bool | None
    field: str | None
    refusal: str | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An opposition without what it says of a person; `doors` are the homes that it covers now."""

    id: UUID
    insee: str
    city_name: str
    doors: int
    created_at: datetime


class Opposition(Standing, frozen=True, kw_only=True):
    """An opposition as it was told."""

    address: str
    reason: str


OPPOSE: Final = "select id, is_new, field, refusal from scraper.oppose($1, $2, $3)"

FIND: Final = """
    select id, insee_code as insee, city_name, doors, created_at
    from scraper.opposition_overview where id = $1
"""

NEWEST: Final = """
    select id, insee_code as insee, city_name, doors, created_at, address, reason
    from scraper.opposition_overview
    order by created_at desc, id desc limit $1 offset $2
"""

LIFT: Final = "select scraper.lift_opposition($1)"


async def oppose(connection: Connection, address: str, insee: str, reason: str) -> Opposed:
    """Keep every home at this address off; the same address again is the same opposition."""
    (row,) = await connection.fetch(OPPOSE, address, insee, reason)
    return Opposed(**row)


async def find(connection: Connection, opposition_id: UUID) -> Standing:
    """One that stands."""
    (row,) = await connection.fetch(FIND, opposition_id)
    return Standing(**row)


async def newest(connection: Connection, *, limit: int, offset: int) -> Sequence[Opposition]:
    """Those that stand, the newest first."""
    return [Opposition(**row) for row in await connection.fetch(NEWEST, limit, offset)]


async def lift(connection: Connection, opposition_id: UUID) -> bool:
    """Whether there was one to lift."""
    return bool(await connection.fetchval(LIFT, opposition_id))
