"""The disk itself: what a commit costs here, so that the other figures can be judged."""

import asyncio
import time

from bench.cluster import Database
from bench.context import Context
from bench.measure import Measure

SECONDS = 1.0
CONNECTIONS = (1, 8)


async def measure(context: Context) -> list[Measure]:
    """Commits a second of one small row, one connection and eight."""
    async with context.database() as database:
        admin = await database.connect()
        await admin.execute("create table committed (number int)")
        return [await _commits(database, context.runs, count) for count in CONNECTIONS]


async def _commits(database: Database, runs: int, count: int) -> Measure:
    connections = [await database.connect() for _ in range(count)]
    values: list[float] = []
    for _ in range(runs):
        end = time.monotonic() + SECONDS

        async def commit(number: int, end: float = end) -> int:
            made = 0
            while time.monotonic() < end:
                await connections[number].execute("insert into committed values (1)")
                made += 1
            return made

        values.append(sum(await asyncio.gather(*map(commit, range(count)))) / SECONDS)
    return Measure(what=f"commits, connections: {count}", unit="commits/s", values=tuple(values))
