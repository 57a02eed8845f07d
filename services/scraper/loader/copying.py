"""Rows to a table and back, by COPY."""

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

import polars as pl

from libs.common.postgres import Connection
from services.scraper.loader.rows import NEVER_NULL

Finish = Callable[[pl.DataFrame], pl.DataFrame]
"""What is left to do to each part of the rows, so that the whole need not lie in memory."""

SLICE: Final = 10_000
PATIENCE_SECONDS: Final = 900
"""A department's year on a busy disk; the pool's own patience is meant for short statements."""


def _as_they_are(rows: pl.DataFrame) -> pl.DataFrame:
    return rows


async def copy_in(
    connection: Connection, table: str, rows: pl.DataFrame, finish: Finish = _as_they_are
) -> None:
    """The rows, finished, into the table whose columns they name."""
    if rows.is_empty():
        return
    columns = finish(rows.clear()).columns
    await connection.copy_to_table(
        table,
        source=_as_csv(rows, finish),
        columns=columns,
        format="csv",
        force_not_null=[column for column in NEVER_NULL if column in columns],
        timeout=PATIENCE_SECONDS,
    )


async def copy_out(
    connection: Connection, query: str, *arguments: Any, schema: Mapping[str, Any]
) -> pl.DataFrame:
    """What a query finds, in these columns and types."""
    found = io.BytesIO()
    await connection.copy_from_query(
        query, *arguments, output=found, format="csv", timeout=PATIENCE_SECONDS
    )
    if not found.tell():
        return pl.DataFrame(schema=dict(schema))
    return await asyncio.to_thread(_from_csv, found.getbuffer(), schema)


async def _as_csv(rows: pl.DataFrame, finish: Finish) -> AsyncGenerator[bytes]:
    """The next part is made while PostgreSQL takes in the last; other tasks go on meanwhile."""
    ahead = asyncio.create_task(asyncio.to_thread(_text, rows.head(SLICE), finish))
    for start in range(SLICE, rows.height + SLICE, SLICE):
        ready = await ahead
        ahead = asyncio.create_task(asyncio.to_thread(_text, rows.slice(start, SLICE), finish))
        yield ready
    await ahead


def _text(rows: pl.DataFrame, finish: Finish) -> bytes:
    text = io.BytesIO()
    finish(rows).write_csv(text, include_header=False)
    return text.getvalue()


def _from_csv(text: memoryview, schema: Mapping[str, Any]) -> pl.DataFrame:
    """PostgreSQL writes booleans as t and f, and polars reads an empty text as a missing one."""
    flags = [name for name, kind in schema.items() if kind == pl.Boolean]
    read_as = {**schema, **dict.fromkeys(flags, pl.String)}
    rows = pl.read_csv(io.BytesIO(text), has_header=False, schema=read_as)
    return rows.with_columns(pl.col(flags) == "t", pl.col(pl.String).exclude(flags).fill_null(""))
