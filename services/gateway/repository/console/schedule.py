"""Who is meant by the ids of a day."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """How operators call a client."""

    client_id: UUID
    name: str
    company_name: str | None
    send_day: int


NAMED: Final = """
    select id as client_id, first_name || ' ' || last_name as name, company_name, send_day
    from client where id = any($1::uuid[])
"""


async def named(connection: Connection, client_ids: Sequence[UUID]) -> Mapping[UUID, Named]:
    """These clients by their ids; whoever is erased is not among them."""
    rows = await connection.fetch(NAMED, client_ids)
    return {row["client_id"]: Named(**row) for row in rows}
