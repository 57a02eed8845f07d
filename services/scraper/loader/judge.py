"""Which sales are superseded: the home was sold again, or a twin of the same home goes before."""

from typing import Final

import msgspec
import polars as pl

# Compared within one process only, so polars' own hash will do; a department has five million keys.
HOME: Final = pl.col("home_key").hash()
AT: Final = pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")


class Later(msgspec.Struct, frozen=True):
    """What sales of later years, judged before, cover and offer: hashes of keys and of homes."""

    covered: pl.DataFrame = pl.DataFrame(schema={"key": pl.UInt64})
    offered: pl.DataFrame = pl.DataFrame(schema={"home": pl.UInt64})


def judge(sales: pl.DataFrame, later: Later | None = None) -> tuple[pl.Series, Later]:
    """Whether each is superseded, and what sales of earlier years must know of these.

    A home is sold again when a sale of a later day covers one of its own keys. Of one home's offers
    the latest stands, of one day's that with the smallest id: there is one line for a door.
    """
    later = later or Later()
    covered = _keys(sales, "covered_keys").group_by("key").agg(pl.col("sold_on").max())
    offers = sales.select(AT, "sold_on", "property_id", "offered", "postable", home=HOME).filter(
        "offered", "postable"
    )
    superseded = pl.concat(
        [
            _resold(_keys(sales, "own_keys"), covered, later),
            _twins(offers),
            offers.join(later.offered, on="home", how="semi")["at"],
        ]
    )
    flags = pl.Series([False]).new_from_index(0, sales.height).scatter(superseded, values=True)
    return flags, Later(
        pl.concat([later.covered, covered.select("key")]),
        pl.concat([later.offered, offers.select("home")]),
    )


def _resold(own: pl.DataFrame, covered: pl.DataFrame, later: Later) -> pl.Series:
    last = own.join(covered, on="key", suffix="_last")
    this_year = last.filter(pl.col("sold_on_last") > pl.col("sold_on"))
    return pl.concat([this_year["at"], own.join(later.covered, on="key", how="semi")["at"]])


def _twins(offers: pl.DataFrame) -> pl.Series:
    """All of a home's offers but its first: few homes have two."""
    several = offers.filter(pl.col("home").is_duplicated())
    in_order = several.sort("sold_on", "property_id", descending=[True, False])
    return in_order.filter(~pl.col("home").is_first_distinct())["at"]


def _keys(sales: pl.DataFrame, column: str) -> pl.DataFrame:
    """One row for each sale and key."""
    keys = sales.select(AT, "sold_on", key=column).explode("key")
    return keys.drop_nulls("key").with_columns(pl.col("key").hash())
