"""Sales as rows of a staging table, brought there by COPY."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import polars as pl

from libs.common.postgres import Connection
from services.scraper.handlers.ports import Attempt

STAGE: Final = """
    create temporary table sale_staging (like scraper.sale_staging including indexes) on commit drop
"""

MONEY: Final = pl.Decimal(18, 2)
COLUMNS: Final = (
    "sale_key", "home_key", "insee_code", "sold_on", "kind", "offered", "postable",
    "address", "postal_code", "city_name", "price_eur", "surface_m2", "rooms", "land_m2",
    "latitude", "longitude", "new_build", "suspect", "own_keys", "covered_keys", "source",
    "edition", "file_sha256", "line",
)  # fmt: skip
SLICE: Final = 2000


async def stage(connection: Connection, insee_code: str, loaded: Sequence[Attempt]) -> None:
    """A staging table of this transaction, with this city's sales of the years that were loaded."""
    sales = await asyncio.to_thread(_sales, insee_code, loaded)
    await connection.execute(STAGE)
    await connection.copy_records_to_table("sale_staging", records=_records(sales), columns=COLUMNS)


async def _records(sales: pl.DataFrame) -> AsyncGenerator[tuple[Any, ...]]:
    """One by one, with room for the other tasks: a large city has a hundred thousand."""
    for part in sales.iter_slices(SLICE):
        for row in part.iter_rows():
            yield row
        await asyncio.sleep(0)


def _sales(insee_code: str, loaded: Sequence[Attempt]) -> pl.DataFrame:
    return pl.concat([_rows(insee_code, attempt) for attempt in loaded])


def _rows(insee_code: str, attempt: Attempt) -> pl.DataFrame:
    """The sales of this city and year in a file, in the columns and types of the staging table."""
    if attempt.reading is None:
        return pl.DataFrame(schema=COLUMNS)
    mine = attempt.reading.sales.filter(
        pl.col("insee_code") == insee_code, pl.col("sold_on").dt.year() == attempt.year
    )
    return mine.unique("property_id", keep="first", maintain_order=True).select(
        sale_key="property_id",
        home_key="home_key",
        insee_code="insee_code",
        sold_on="sold_on",
        kind="kind",
        offered="offered",
        postable="postable",
        address=pl.col("address").fill_null(""),
        postal_code=pl.col("postal_code").fill_null(""),
        city_name=pl.col("city_name").fill_null(""),
        price_eur=_positive(pl.col("price_cents") / 100).cast(MONEY),
        surface_m2=_positive(pl.col("surface_m2")).cast(MONEY),
        rooms=pl.when(pl.col("rooms") >= 0).then("rooms"),
        land_m2=_positive(pl.col("land_m2")).cast(MONEY),
        latitude=_within(pl.col("latitude"), 90),
        longitude=_within(pl.col("longitude"), 180),
        new_build="new_build",
        suspect="suspect",
        own_keys="own_keys",
        covered_keys="covered_keys",
        source=pl.lit(attempt.source.format),
        edition=pl.lit(attempt.edition),
        file_sha256=pl.lit(attempt.sha256),
        line="line",
    )


def _positive(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount > 0).then(amount)


def _within(degrees: pl.Expr, limit: int) -> pl.Expr:
    return pl.when(degrees.is_between(-limit, limit)).then(degrees)
