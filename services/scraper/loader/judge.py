"""Which sales are superseded: the home was sold again, or a twin of the same home goes before."""

from typing import Final

import msgspec
import polars as pl

from services.scraper.loader.rows import KEYS_JOINED_BY

JUDGED_BY: Final = (
    "sale_key", "home_key", "sold_on", "offered", "postable", "own_keys", "covered_keys",
)  # fmt: skip
# Compared within one process only, so polars' own hash will do; a department has five million keys.
HOME: Final = pl.col("home_key").hash()
AT: Final = pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")
SLICE: Final = 10_000


class Later(msgspec.Struct, frozen=True):
    """What sales of later years, judged before, cover and offer: hashes of keys and of homes."""

    covered: pl.DataFrame = pl.DataFrame(schema={"key": pl.UInt64})
    offered: pl.DataFrame = pl.DataFrame(schema={"home": pl.UInt64})


def judge(sales: pl.DataFrame, later: Later | None = None) -> tuple[pl.Series, Later]:
    """Whether each is superseded, and what sales of earlier years must know of these.

    A home is sold again when a sale of a later day covers one of its own keys. Of one home's offers
    the latest stands, of one day's that with the smallest key: there is one line for a door.
    """
    later = later or Later()
    covered = _keys(sales, "covered_keys").group_by("key").agg(pl.col("sold_on").max())
    offers = _offers(sales)
    superseded = pl.concat(
        [
            _resold(_keys(sales, "own_keys"), covered, later),
            offers.filter(~pl.col("home").is_first_distinct())["at"],
            offers.join(later.offered, on="home", how="semi")["at"],
        ]
    )
    flags = pl.Series([False]).new_from_index(0, sales.height).scatter(superseded, values=True)
    return flags, Later(
        pl.concat([later.covered, covered.select("key")]).unique(),
        pl.concat([later.offered, offers.select("home")]).unique(),
    )


def _resold(own: pl.DataFrame, covered: pl.DataFrame, later: Later) -> pl.Series:
    last = own.join(covered, on="key", suffix="_last")
    this_year = last.filter(pl.col("sold_on_last") > pl.col("sold_on"))
    return pl.concat([this_year["at"], own.join(later.covered, on="key", how="semi")["at"]])


def _offers(sales: pl.DataFrame) -> pl.DataFrame:
    """Those that could stand on offer, each home's first one first."""
    return (
        sales.select(AT, "sold_on", "sale_key", "offered", "postable", home=HOME)
        .filter("offered", "postable")
        .sort("sold_on", "sale_key", descending=[True, False])
        .select("at", "home")
    )


def _keys(sales: pl.DataFrame, column: str) -> pl.DataFrame:
    """One row for each sale and key. Slices: a department's keys as texts take half a gigabyte."""
    every = sales.select(AT, "sold_on", key=column)
    return pl.concat([_hashed(every.clear()), *map(_hashed, every.iter_slices(SLICE))])


def _hashed(part: pl.DataFrame) -> pl.DataFrame:
    keys = part.with_columns(pl.col("key").str.split(KEYS_JOINED_BY)).explode("key")
    return keys.filter(pl.col("key") != "").with_columns(pl.col("key").hash())
