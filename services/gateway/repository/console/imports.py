"""Departments, and the imports of them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.console.cities import Refreshed


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A department, and how much of it has been read."""

    department: str
    name: str
    is_refused: bool
    cities: int
    cities_read: int


DEPARTMENTS: Final = """
    select department, name, is_refused, cities, cities_read
    from scraper.department_overview
    order by department
"""

# Refreshes of communes stand in the same view, under their longer codes.
PAGE: Final = """
    select id, insee_code, state, done, total, error, created_at, updated_at
    from scraper.refresh_overview
    where length(insee_code) <= 3
    order by created_at desc
    limit $1 offset $2
"""

FIND: Final = """
    select id, insee_code, state, done, total, error, created_at, updated_at
    from scraper.refresh_overview
    where id = $1 and length(insee_code) <= 3
"""


async def departments(connection: Connection) -> Sequence[Department]:
    """All departments that have communes."""
    return [Department(**row) for row in await connection.fetch(DEPARTMENTS)]


async def page(connection: Connection, *, limit: int, offset: int) -> Sequence[Refreshed]:
    """Some of the imports, the newest first."""
    return [Refreshed(**row) for row in await connection.fetch(PAGE, limit, offset)]


async def find(connection: Connection, import_id: UUID) -> Refreshed | None:
    """An import, or nothing if there is none with this id."""
    row: Any = await connection.fetchrow(FIND, import_id)
    return Refreshed(**row) if row else None
