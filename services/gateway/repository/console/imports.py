"""Departments, and the imports of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.console.city import Refreshed


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

# From the first commune of a department to that of the next, by the key of the table: a letter comes
# after all digits.
NAMES: Final = """
    with recursive first as (
      (select insee_code, department from scraper.city_overview order by insee_code limit 1)
      union all
      select following.insee_code, following.department
      from first cross join lateral (
        select insee_code, department from scraper.city_overview
        where insee_code > left(first.insee_code, case when first.insee_code ~ '^9[78]' then 3 else 2 end)
                           || 'ZZZ'
        order by insee_code limit 1
      ) as following
    )
    select left(insee_code, case when insee_code ~ '^9[78]' then 3 else 2 end) as department,
           department as name
    from first order by 1
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


async def names(connection: Connection) -> Mapping[str, str]:
    """The name of each department, by its code."""
    return {row["department"]: row["name"] for row in await connection.fetch(NAMES)}


async def page(connection: Connection, *, limit: int, offset: int) -> Sequence[Refreshed]:
    """Some of the imports, the newest first."""
    return [Refreshed(**row) for row in await connection.fetch(PAGE, limit, offset)]


async def find(connection: Connection, import_id: UUID) -> Refreshed | None:
    """An import, or nothing if there is none with this id."""
    row: Any = await connection.fetchrow(FIND, import_id)
    return Refreshed(**row) if row else None
