"""What an assigner says of itself when it starts, and what it throws away every hour."""

import asyncio
from typing import Final

import structlog

from libs.common import postgres
from libs.common.postgres import Connection
from services.assigner.domain.choice import Rule

log = structlog.get_logger()

EVERY_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 5.0
BATCH_ROWS: Final = 5000

TELL_RULE: Final = """
    insert into rule (strategy, exclusivity_months, least_years, most_years) values ($1, $2, $3, $4)
    on conflict (single) do update
    set strategy = excluded.strategy, exclusivity_months = excluded.exclusivity_months,
        least_years = excluded.least_years, most_years = excluded.most_years
"""
PRUNE_HOLDS: Final = """
    delete from hold where home_key in (
      select home_key from hold where until <= public.clock() order by home_key limit $1
      for update skip locked)
"""
PRUNE_RESETS: Final = """
    delete from reset_assignment where (client_id, reset_at, home_key) in (
      select client_id, reset_at, home_key from reset_assignment
      where reset_at < public.clock() - interval '30 days' order by reset_at limit $1
      for update skip locked)
"""


async def keep(database_url: str, rule: Rule) -> None:
    """Tell the rule and prune: now and then every hour, for ever."""
    while True:
        try:
            async with postgres.connection(database_url) as connection:
                await tell_rule(connection, rule)
                await prune(connection)
        except postgres.FAILED as error:
            log.warning("upkeep_interrupted", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            await asyncio.sleep(EVERY_SECONDS)


async def tell_rule(connection: Connection, rule: Rule) -> None:
    """By what is chosen from now on, for whoever previews a choice."""
    fields = (rule.strategy, rule.exclusivity_months, rule.ages.least, rule.ages.most)
    await connection.execute(TELL_RULE, *fields)


async def prune(connection: Connection) -> None:
    """Delete the holds that have ended and the resets that are too old, in small batches."""
    for statement in (PRUNE_HOLDS, PRUNE_RESETS):
        deleted = BATCH_ROWS
        while deleted == BATCH_ROWS:
            deleted = int((await connection.execute(statement, BATCH_ROWS)).split()[-1])
