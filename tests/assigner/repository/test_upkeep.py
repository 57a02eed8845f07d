"""What an assigner says of itself when it starts."""

import asyncio
from contextlib import suppress

from services.assigner.domain.choice import Ages, Rule
from services.assigner.repository.upkeep import keep
from tests.support.database import Database

STRATEGY = "select strategy from rule"
RULE = "select strategy, exclusivity_months, least_years, most_years from rule"


async def test_the_rule_of_the_assigner_that_started_last_is_known(database: Database):
    connection = await database.connect("assigner")
    assert await connection.fetch(RULE) == [("weighted", 0, 6, 8)]

    rule = Rule(strategy="monthly", exclusivity_months=6, ages=Ages(5, 9))
    upkeep = asyncio.create_task(keep(database.url("assigner"), rule))
    async with asyncio.timeout(10):
        while await connection.fetchval(STRATEGY) != "monthly":  # noqa: ASYNC110 -- it has no event
            await asyncio.sleep(0.01)
    upkeep.cancel()
    with suppress(asyncio.CancelledError):
        await upkeep

    assert await connection.fetch(RULE) == [("monthly", 6, 5, 9)]
