"""Sales of a department-year into the stock: for the first time, again, and as a new edition."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench import inputs
from bench.context import Context
from bench.measure import Measure
from libs.common.postgres import Connection
from services.scraper.domain import Source
from services.scraper.handlers.ports import Attempt, Gathered, Place, Verdict
from services.scraper.loader import PostgresStock
from services.scraper.sales import Reading, read_sales

FIRST: Final = "first load of sales"
AGAIN: Final = "unchanged file again"
REVISED: Final = "new edition of the same sales"
TARGETS: Final[Mapping[str, tuple[float, float] | None]] = {
    FIRST: (70_000, 120_000),
    AGAIN: (150_000, 300_000),
    REVISED: None,
}


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A department-year, read: what is measured begins after that."""

    path: Path
    reading: Reading

    async def load(self, connection: Connection, edition: str) -> float:
        """Sales a second, from the sales in memory to the commit."""
        began = time.perf_counter()
        async with connection.transaction():
            await PostgresStock(connection).load(self._place(), self._gathered(edition), _unseen)
        return self.reading.sales.height / (time.perf_counter() - began)

    def _place(self) -> Place:
        return Place(
            insee_code=inputs.DEPARTMENT,
            communes=tuple(self.reading.lines_by_commune),
            moved={},
            neighbours=(),
            known={},
        )

    def _gathered(self, edition: str) -> Gathered:
        attempt = Attempt(
            year=inputs.YEAR,
            source=Source("geo-dvf", f"https://publisher.example/{edition}"),
            url=f"https://publisher.example/{edition}",
            edition=edition,
            state="loaded",
            sha256=edition.encode().hex().ljust(64, "0"),
            path=self.path,
            lines=self.reading.lines,
            reading=self.reading,
        )
        return Gathered(
            attempts=(attempt,), years={inputs.YEAR: Verdict(state="read", attempt=attempt)}
        )


async def measure(context: Context) -> list[Measure]:
    """Each run on an empty stock: first load, the same again, then a new edition of it."""
    path = inputs.geo_department(context.folder, seed=context.seed)
    stage = Stage(path=path, reading=read_sales(path, name=path.name))
    found: dict[str, list[float]] = {FIRST: [], AGAIN: [], REVISED: []}
    async with context.database() as database:
        admin, scraper = await database.connect(), await database.connect("scraper")
        for _ in range(context.runs):
            await admin.execute("truncate scraper.property")
            await admin.execute("checkpoint")
            found[FIRST].append(await stage.load(scraper, "2025-04"))
            found[AGAIN].append(await stage.load(scraper, "2025-04"))
            found[REVISED].append(await stage.load(scraper, "2025-10"))
    return [_measure(what, values, stage.reading, context) for what, values in found.items()]


def _measure(what: str, values: list[float], reading: Reading, context: Context) -> Measure:
    least, aim = TARGETS[what] or (None, None)
    return Measure(
        what=what,
        unit="sales/s",
        values=tuple(values),
        least=least,
        aim=aim,
        note=f"{reading.sales.height:,} sales of {reading.lines:,} lines,"
        f" {len(reading.lines_by_commune)} communes, seed {context.seed}; reading is not counted",
    )


async def _unseen(_years: int) -> None:
    """Nobody watches the progress."""
