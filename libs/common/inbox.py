"""Which events a consumer has handled: the first insert wins, for ever within 90 days."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from libs.common.postgres import Connection

ACCEPT: Final = """
    insert into inbox (consumer, event_id)
    select $1, event_id from unnest($2::uuid[]) as event_id
    on conflict do nothing
    returning event_id
"""


async def accept(connection: Connection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the events that this consumer meets for the first time, now recorded.

    Belongs into the transaction of their effects. A second consumer of the same event waits here
    until the first has committed or failed. Ids are sorted so that two never wait for each other.
    """
    rows = await connection.fetch(ACCEPT, consumer, sorted(set(event_ids)))
    return {row["event_id"] for row in rows}
