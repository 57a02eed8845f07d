"""Sessions that stand in each other's way."""

import asyncio

from tests.support.database import Database


async def waiting(database: Database) -> None:
    """Return as soon as a session waits for another one."""
    admin = await database.connect()
    while not await admin.fetchval(  # noqa: ASYNC110 -- the database has no event for it
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = current_database()"
    ):
        await asyncio.sleep(0.01)
