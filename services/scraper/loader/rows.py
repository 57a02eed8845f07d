"""The sales of a file as rows of the stock."""

from collections.abc import Collection, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Final

import polars as pl

from services.scraper.handlers.ports import Attempt

MONEY: Final = pl.Decimal(18, 2)
KEYS_JOINED_BY: Final = "|"
TOLD: Final = (
    "property_id", "home_key", "insee_code", "sold_on", "kind", "offered", "postable", "address",
    "postal_code", "city_name", "price_cents", "surface_m2", "rooms", "land_m2", "latitude",
    "longitude", "new_build", "suspect", "own_keys", "covered_keys", "line",
)  # fmt: skip
"""Of a sale as it was read, what the stock keeps."""
NEVER_NULL: Final = (
    "address", "postal_code", "city_name", "own_keys", "covered_keys", "source", "edition",
)  # fmt: skip


def sales_of(sales: pl.DataFrame, attempt: Attempt, communes: Collection[str]) -> pl.DataFrame:
    """The sales of these communes and the attempt's year, each once.

    In the order in which they will be looked for: a commune's sales lie together on disk.
    """
    mine = sales.select(TOLD).filter(
        pl.col("insee_code").is_in(list(communes)), pl.col("sold_on").dt.year() == attempt.year
    )
    return mine.unique("property_id", keep="first", maintain_order=True).sort(
        "insee_code", "sold_on", maintain_order=True
    )


def rows_of(sales: pl.DataFrame, attempt: Attempt, now: datetime) -> pl.DataFrame:
    """Sales in the columns of the staging table."""
    file = (attempt.source.format, attempt.edition, attempt.sha256 or "")
    named = dict(zip(("source", "edition", "file_sha256"), map(pl.lit, file), strict=True))
    return sales.select(**_FACTS).with_columns(
        **named, digest=_digest(file), loaded_at=pl.lit(now.isoformat())
    )


def _digest(file: Iterable[str]) -> pl.Expr:
    """64 bits of everything told.

    Another version of polars may say otherwise: then all is loaded once more, and no more than that.
    """
    seed = int.from_bytes(blake2b("|".join(file).encode(), digest_size=8).digest())
    return pl.struct(*_FACTS).hash(seed=seed).reinterpret(signed=True)


def _joined(keys: str) -> pl.Expr:
    return pl.col(keys).list.join(KEYS_JOINED_BY)


def _positive(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount > 0).then(amount)


def _within(degrees: pl.Expr, limit: int) -> pl.Expr:
    return pl.when(degrees.is_between(-limit, limit)).then(degrees)


_FACTS: Final[dict[str, pl.Expr | str]] = {
    "sale_key": "property_id",
    "home_key": "home_key",
    "insee_code": "insee_code",
    "sold_on": "sold_on",
    "kind": "kind",
    "offered": "offered",
    "postable": "postable",
    "address": pl.col("address").fill_null(""),
    "postal_code": pl.col("postal_code").fill_null(""),
    "city_name": pl.col("city_name").fill_null(""),
    "price_eur": _positive(pl.col("price_cents") / 100).cast(MONEY),
    "surface_m2": _positive(pl.col("surface_m2")).cast(MONEY),
    "rooms": pl.when(pl.col("rooms") >= 0).then("rooms"),
    "land_m2": _positive(pl.col("land_m2")).cast(MONEY),
    "latitude": _within(pl.col("latitude"), 90),
    "longitude": _within(pl.col("longitude"), 180),
    "new_build": "new_build",
    "suspect": "suspect",
    "own_keys": _joined("own_keys"),
    "covered_keys": _joined("covered_keys"),
    "line": "line",
}
