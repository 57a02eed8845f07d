"""Cities being read anew, as an operator asks for them and sees them."""

from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.gateway.repository.imports import ImportProgress


class Refreshing(msgspec.Struct, frozen=True, kw_only=True):
    """A refresh that is open, or why there can be none."""

    id: UUID | None
    refusal: str | None


REQUEST_REFRESH: Final = "select id, refusal from scraper.request_refresh($1)"

# Imports of a department are in the same view, under its shorter code.
FIND_REFRESH: Final = """
    select state, done, total, error from scraper.refresh_overview
    where id = $1 and length(insee_code) > 3
"""


async def request_refresh(connection: Connection, insee_code: str) -> Refreshing | None:
    """Have a city read anew; one that is open is joined. Nothing for a city that nobody knows."""
    row = await connection.fetchrow(REQUEST_REFRESH, insee_code)
    return Refreshing(**row) if row else None


async def find_refresh(connection: Connection, refresh_id: UUID) -> ImportProgress | None:
    """How far it is, or nothing if there is none with this id."""
    row = await connection.fetchrow(FIND_REFRESH, refresh_id)
    return ImportProgress(**row) if row else None
