"""The choice of 10 homes of 10,000 candidates, through the assigner's own code and role.

Each choice is of another client, in a transaction of its own, as a lone job's is; what is measured
begins with the lock and ends before the commit.
"""

import time
from typing import Final
from uuid import uuid4

from bench import stocks
from bench.cluster import Database
from bench.context import Context
from bench.errors import BenchError
from bench.measure import Measure, percentile
from libs.common.postgres import Connection
from services.assigner.domain.choice import Ages, Request, Rule, window
from services.assigner.repository.choices import PostgresChoices

CHOICES: Final = 300
WARM: Final = 30
ASKED: Final = 10
RULE: Final = Rule(ages=Ages(6, 8))
SIZES: Final = (stocks.MILLION, 10 * stocks.MILLION)
CANDIDATES: Final = """
    select count(*) from scraper.candidate
    where insee_code = any($1) and kind = any($2) and sold_on between $3 and $4
"""


async def measure(context: Context) -> list[Measure]:
    """p50 and p95 with a million sales in the table, and with ten times as many."""
    return [each for sales in SIZES for each in await _with(context, sales)]


async def _with(context: Context, sales: int) -> list[Measure]:
    async def fill(database: Database) -> None:
        await stocks.fill(await database.connect(), sales=sales, seed=context.seed)

    async with context.database(f"stock_{sales // stocks.MILLION}m", fill) as database:
        connection = await database.connect("assigner")
        candidates = await _candidates(connection)
        await _choices(connection, WARM)
        runs = [await _choices(connection, CHOICES) for _ in range(context.runs)]
    what = f"choice of {ASKED} of 10,000, {sales // stocks.MILLION} million sales in the table"
    note = f"{candidates:,} candidates of two communes; {CHOICES} clients a run"
    return [
        Measure(
            what=f"{what}: {name}",
            unit="ms",
            values=tuple(percentile(run, share) for run in runs),
            least=10 if name == "p95" else None,
            aim=5 if name == "p95" else None,
            lower_is_better=True,
            note=note,
        )
        for name, share in (("p50", 0.5), ("p95", 0.95))
    ]


async def _candidates(connection: Connection) -> int:
    asked = _request(0)
    window = (asked.sold_from, asked.sold_until)
    row = await connection.fetchrow(CANDIDATES, asked.cities, asked.kinds, *window)
    return row["count"] if row else 0


async def _choices(connection: Connection, number: int) -> list[float]:
    """Milliseconds of each choice. Nothing stays: the next run finds the same stock."""
    return [await _choice(connection, _request(seed)) for seed in range(number)]


async def _choice(connection: Connection, asked: Request) -> float:
    transaction = connection.transaction()
    await transaction.start()
    try:
        choices, began = PostgresChoices(connection, RULE), time.perf_counter()
        await choices.lock([asked.client_id])
        await choices.choose([asked])
        recorded = await choices.recorded([asked.job_id])
        took = time.perf_counter() - began
    finally:
        await transaction.rollback()
    if recorded[asked.job_id].found != ASKED:
        raise BenchError(f"{recorded[asked.job_id].found} homes were chosen instead of {ASKED}.")
    return took * 1000


def _request(seed: int) -> Request:
    sold_from, sold_until = window(stocks.AS_OF, RULE.ages)
    return Request(
        job_id=uuid4(),
        client_id=uuid4(),
        requested=ASKED,
        as_of=stocks.AS_OF,
        seed=seed * 7919,
        cities=stocks.cities(),
        kinds=("house", "apartment"),
        sold_from=sold_from,
        sold_until=sold_until,
        tried=(),
    )
