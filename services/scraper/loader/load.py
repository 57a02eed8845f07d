"""One load: the years of a set of communes, one after the other, the newest first."""

import asyncio
from datetime import datetime
from typing import cast

import msgspec
import polars as pl

from libs.common.postgres import Connection
from services.scraper import metrics
from services.scraper.handlers.ports import Attempt, LinesByCommune, Place
from services.scraper.loader import statements
from services.scraper.loader.copying import PATIENCE_SECONDS, copy_in
from services.scraper.loader.judge import Later, judge
from services.scraper.loader.known import days_of, revise
from services.scraper.loader.rows import rows_of, sales_of
from services.scraper.sales import Reading, read_sales


class Load(msgspec.Struct, kw_only=True):
    """What must be remembered from one year to the next."""

    connection: Connection
    place: Place
    now: datetime
    unknown: frozenset[str]
    """Communes of which the stock had nothing: whatever it has now is of this load."""
    later: Later
    touched: set[str]
    """Communes whose sales must be judged beside all the others of the stock."""

    async def year(self, attempt: Attempt) -> LinesByCommune:
        """Bring the stock to what the year's file says; of how many lines each commune consists."""
        lines, sales = await asyncio.to_thread(_sales, attempt, self.place)
        is_new = pl.col("insee_code").is_in(list(self.unknown))
        known = sales.filter(~is_new)
        sales = sales.filter(is_new)
        await self._add(attempt, sales)
        rows = await asyncio.to_thread(rows_of, known, attempt, self.now)
        changed = await self._changed(attempt.year, rows)
        rows = rows.filter(pl.col("insee_code").is_in(changed))
        self.touched |= await revise(self.connection, attempt.year, changed, rows)
        return lines

    async def _add(self, attempt: Attempt, sales: pl.DataFrame) -> None:
        """Nothing to compare with, all later years seen: each row is written once, as it stays."""
        superseded, self.later = await asyncio.to_thread(judge, sales, self.later)

        def finish(part: pl.DataFrame) -> pl.DataFrame:
            rows = rows_of(part, attempt, self.now)
            return rows.with_columns(part["superseded"], property_id="sale_key")

        judged = sales.with_columns(superseded=superseded)
        await copy_in(self.connection, "property", judged, finish)

    async def _changed(self, year: int, rows: pl.DataFrame) -> list[str]:
        """The communes whose year in stock is not what these rows say.

        A commune's sales are compared as one number, the digests of all of them combined.
        """
        told = rows.group_by("insee_code").agg(
            sales=pl.len(), digest=pl.col("digest").bitwise_xor()
        )
        known = [code for code in self.place.communes if code not in self.unknown]
        held = await self.connection.fetch(
            statements.HELD, known, *days_of(year), timeout=PATIENCE_SECONDS
        )
        before = {row["insee_code"]: (row["sales"], row["digest"]) for row in held if row["sales"]}
        after = {code: (sales, digest) for code, sales, digest in told.iter_rows()}
        return [code for code in known if before.get(code) != after.get(code)]


async def begin(connection: Connection, place: Place) -> Load:
    """A load of these communes on a connection whose transaction is open."""
    unknown = await connection.fetch(statements.UNKNOWN, list(place.communes))
    return Load(
        connection=connection,
        place=place,
        now=cast(datetime, await connection.fetchval(statements.NOW)),
        unknown=frozenset(row["code"] for row in unknown),
        later=Later(),
        touched=set(),
    )


def _sales(attempt: Attempt, place: Place) -> tuple[LinesByCommune, pl.DataFrame]:
    """The year's sales, and how many lines they are made of; the rest of a reading is let go.

    A department's file is read once more: in memory there is one year at a time.
    """
    reading = attempt.reading or _read(attempt, place)
    return reading.lines_by_commune, sales_of(reading.sales, attempt, place.communes)


def _read(attempt: Attempt, place: Place) -> Reading:
    assert attempt.path is not None  # noqa: S101 - for the type: what was loaded has a file
    reading = read_sales(
        attempt.path, name=attempt.url, moved=place.moved, only=frozenset(place.communes)
    )
    metrics.count_rejected(reading.rejected)
    return reading
