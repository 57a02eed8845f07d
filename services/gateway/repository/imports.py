"""Departments being read, as an operator asks for them and sees them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """An import that is open, or which field of the request stands against one, and why."""

    id: UUID | None
    field: str
    refusal: str | None


class ImportProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an import is: files read and years loaded, of all that it takes."""

    state: str
    done: int
    total: int
    error: str | None


REQUEST_IMPORT: Final = "select id, field, refusal from scraper.request_import($1, $2::int[])"

# Refreshes of a commune are in the same view, under its longer code.
FIND_IMPORT: Final = """
    select state, done, total, error from scraper.refresh_overview
    where id = $1 and length(insee_code) <= 3
"""


async def request_import(
    connection: Connection, department: str, years: Sequence[int]
) -> Requested:
    """Have a department read; one that is open is joined."""
    (row,) = await connection.fetch(REQUEST_IMPORT, department, list(years))
    return Requested(**row)


async def find_import(connection: Connection, import_id: UUID) -> ImportProgress | None:
    """How far it is, or nothing if there is none with this id."""
    row = await connection.fetchrow(FIND_IMPORT, import_id)
    return ImportProgress(**row) if row else None
