"""Communes whose sales the stock has already: what changed enters it, and all are judged again."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from libs.common.postgres import Connection
from services.scraper.loader import statements
from services.scraper.loader.copying import PATIENCE_SECONDS, copy_in, copy_out
from services.scraper.loader.judge import Later, judge
from services.scraper.loader.rows import KEYS_JOINED_BY

SALES_AT_ONCE: Final = 100_000
LIVE: Final = {
    "property_id": pl.String,
    "superseded": pl.Boolean,
    "sale_key": pl.String,
    "home_key": pl.String,
    "sold_on": pl.Date,
    "offered": pl.Boolean,
    "postable": pl.Boolean,
    "own_keys": pl.String,
    "covered_keys": pl.String,
}


async def revise(
    connection: Connection, year: int, communes: Sequence[str], rows: pl.DataFrame
) -> set[str]:
    """Bring these communes' year to the rows; the communes that must be judged again.

    What the rows have no longer is kept as vanished.
    """
    if not communes:
        return set()
    await connection.execute(statements.STAGE)
    await connection.execute("truncate sale_staging")
    await copy_in(connection, "sale_staging", rows)
    # The planner knows the size of a table that is new, and nothing of one that was used before.
    await connection.execute("analyze sale_staging (sale_key)")
    here = (list(communes), *days_of(year))
    await _run(connection, statements.MATCH, *here)
    await _run(connection, statements.REPLACE, *here)
    return {
        *await _run(connection, statements.REVISE),
        *await _run(connection, statements.TOMBSTONE, *here),
        *await _run(connection, statements.ADD),
    }


async def judge_again(connection: Connection, communes: set[str]) -> None:
    """Let each of their sales be offered or not as it stands beside all the others.

    A home leaves the offer before its latest sale takes the place: there is one offer a door.
    """
    sizes = await connection.fetch(statements.SIZES, sorted(communes), timeout=PATIENCE_SECONDS)
    for part in _parts([(row["insee_code"], row["sales"]) for row in sizes]):
        live = await copy_out(connection, statements.LIVE, part, schema=LIVE)
        superseded, _ = await asyncio.to_thread(_judged, live)
        for flag in (True, False):
            wrong = live.filter((superseded == flag) & (live["superseded"] != flag))
            await _run(connection, statements.SENTENCE, wrong["property_id"].to_list(), flag)


def days_of(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _judged(live: pl.DataFrame) -> tuple[pl.Series, Later]:
    """By the ids of their files: what a row was called before does not decide between twins."""
    split = pl.col("own_keys", "covered_keys").replace("", None).str.split(KEYS_JOINED_BY)
    return judge(live.with_columns(split, property_id="sale_key"))


def _parts(sizes: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    part: list[str] = []
    sales = 0
    for commune, count in sizes:
        if part and sales + count > SALES_AT_ONCE:
            yield part
            part, sales = [], 0
        part.append(commune)
        sales += count
    if part:
        yield part


async def _run(connection: Connection, statement: str, *arguments: Any) -> list[str]:
    found = await connection.fetch(statement, *arguments, timeout=PATIENCE_SECONDS)
    return [row["insee_code"] for row in found]
