"""Clean-up of what is too old to matter, hourly, in small batches."""

import asyncio
from typing import Final

import structlog

from libs.common import postgres
from libs.common.settings import CommonSettings

log = structlog.get_logger()

EVERY_SECONDS: Final = 3600
BATCH_ROWS: Final = 5000

PRUNE_OUTBOX: Final = """
    delete from outbox where id in (
      select id from outbox
      where created_at < public.clock() - interval '30 days' and published_at is not null limit $1)
"""
PRUNE_INBOX: Final = """
    delete from inbox where (consumer, event_id) in (
      select consumer, event_id from inbox
      where handled_at < public.clock() - interval '90 days' limit $1)
"""
PRUNE_HELD: Final = """
    delete from held_message where id in (
      select id from held_message
      where updated_at < public.clock() - interval '90 days' and state in ('done', 'discarded')
      limit $1)
"""


async def run(settings: CommonSettings) -> None:
    """Prune now and then every hour, for ever."""
    while True:
        try:
            await prune(settings.database_url)
        except postgres.FAILED as error:
            log.warning("prune_interrupted", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def prune(database_url: str) -> int:
    """Delete what is due; returns how many rows.

    Outbox rows stay 30 days (replaying them rebuilds a lost broker), inbox rows 90: longer than
    topics and outbox, so that no replay meets a forgetful inbox.
    """
    async with postgres.connection(database_url) as connection:
        return sum(
            [await _prune(connection, sql) for sql in (PRUNE_OUTBOX, PRUNE_INBOX, PRUNE_HELD)]
        )


async def _prune(connection: postgres.Connection, statement: str) -> int:
    total = 0
    while deleted := int((await connection.execute(statement, BATCH_ROWS)).split()[-1]):
        total += deleted
    return total
