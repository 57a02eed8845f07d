"""Sessions that stand in each other's way."""

import asyncio

from tests.support.database import Database

WAITING = """
    select count(*) from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database()
"""


async def blocked(database: Database, sessions: int = 1) -> None:
    """Return as soon as so many sessions wait for others."""
    admin = await database.connect()
    while sessions > (await admin.fetchval(WAITING) or 0):  # noqa: ASYNC110 -- it has no event
        await asyncio.sleep(0.01)
