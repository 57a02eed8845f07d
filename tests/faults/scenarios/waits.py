"""What cannot be done at once: it waits, is behind nobody who came later, and is done."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import asyncpg

from tests.faults.load import process, register
from tests.faults.records import Copy, in_our_hands, producing, put
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import scenario
from tests.faults.scenarios.kills import REFUSING, TAKING, WAITING
from tests.faults.scenarios.walls import HALF

HELD_SECONDS: Final = 30
AWAY_SECONDS: Final = 2.0

LOCK_MOVEMENTS: Final = "select pg_advisory_xact_lock(hashtextextended('gateway.movement', 0))"
WAITS: Final = """
    select true from pg_locks
    where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())
"""
TOLD: Final = """
    select published_at is not null from gateway.outbox
    where topic = 'client.registered' and key = $1::text
"""


@scenario("late commit", "A transaction commits after one that began to write later", clients=HALF)
async def late_commit(rig: Rig) -> None:
    """Its events are behind those that are published already, and are published all the same."""
    await rig.loaded.wait()
    early, late = await register(rig, 90), 91
    async with holding(rig, LOCK_MOVEMENTS):
        waiting = asyncio.create_task(process(rig, early))
        await rig.until_row(WAITS)
        client_id = await register(rig, late)
        await rig.until_row(TOLD, str(client_id))
    await waiting


async def _refuse(rig: Rig) -> None:
    await rig.execute(REFUSING)


@scenario(
    "refused for now", "What a message asks for cannot be stored", clients=HALF, before=_refuse
)
async def refused_for_now(rig: Rig) -> None:
    """It is held, others are not held up, and it is tried again."""
    await rig.loaded.wait()
    with contextlib.suppress(Violated):  # it is judged when all has been tried again
        await rig.until_row(WAITING, seconds=HELD_SECONDS)
    await rig.execute(TAKING)
    await rig.advance(timedelta(minutes=2))


@scenario("heard in vain", "PostgreSQL is away whenever events come", clients=HALF)
async def heard_in_vain(rig: Rig) -> None:
    """Nothing can be held then: who has heard them waits, and no offset moves."""
    async with producing(rig) as producer:

        async def deliver(copies: Sequence[Copy]) -> None:
            rig.postgres.down()
            for copy in copies:
                await put(rig, producer, copy)
            await asyncio.sleep(AWAY_SECONDS)
            rig.postgres.up()

        async with in_our_hands(rig, deliver, every=2 * AWAY_SECONDS):
            await rig.loaded.wait()
            await asyncio.sleep(3 * AWAY_SECONDS)


@asynccontextmanager
async def holding(rig: Rig, statement: str) -> AsyncGenerator[None]:
    """Within a transaction that has done this."""
    connection = await asyncpg.connect(rig.database.url())
    try:
        async with connection.transaction():
            await connection.execute(statement)
            yield
    finally:
        await connection.close()
