"""Connections of senders: all that they ask goes by a key."""

from typing import Final

import asyncpg

from libs.common import postgres

BY_KEYS: Final = """
    set enable_seqscan = off; set enable_bitmapscan = off;
    set plan_cache_mode = force_generic_plan
"""


async def connect(url: str) -> asyncpg.Connection:
    """A connection whose plans are made for large tables.

    They are kept, and the first month is planned while the tables are empty: reading all of them
    seems cheap then, and every mail would make it dearer.
    """
    connection = await postgres.connect(url)
    await connection.execute(BY_KEYS)
    return connection
