"""The keys by which SQL tells that a home was sold again.

A target is resold when a sale of a later day, of whatever file, covers one of its own keys:

    exists (select from sale later
            where later.sold_on > target.sold_on and later.covered_keys && target.own_keys)

- `lot:PARCEL:LOTS`: the same parcel and lots;
- `house:PARCEL:SURFACE:ROOMS`: the same house, whatever became of its lots;
- `door:HOME_KEY`: the same door, for parcels are renumbered.

A sale covers every parcel and lots on its lines, bulk sales too; its own keys are those of its home
alone, so that the garage or the garden sold off later is no resale of the house.
"""

from typing import Final

import polars as pl

from services.scraper.sales.lines import HOUSE

_LOT: Final = pl.concat_str(pl.lit("lot"), "parcel", "lots", separator=":")
_HOUSE: Final = pl.when(pl.col("type") == HOUSE).then(
    pl.concat_str(pl.lit("house"), "parcel", "built_m2", "rooms", separator=":")
)
_HAS_DOOR: Final = pl.col("number").is_not_null() & pl.col("street").is_not_null()
_DOOR: Final = pl.when(_HAS_DOOR).then(pl.concat_str(pl.lit("door:"), "home_key"))


def with_resale_keys(sales: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Adds `own_keys` and `covered_keys`, lists of text without repeats."""
    own = sales.with_columns(own_keys=pl.concat_list(_LOT, _HOUSE, _DOOR).list.drop_nulls())
    keys = pl.concat(
        [
            own.select("sale", key=pl.col("own_keys")).explode("key", empty_as_null=False),
            lines.select("sale", key=_LOT),
            lines.filter(pl.col("type") == HOUSE).select("sale", key=_HOUSE),
        ]
    ).drop_nulls()
    covered = keys.unique().group_by("sale").agg(covered_keys=pl.col("key").sort())
    return own.join(covered, on="sale", how="left", maintain_order="left")
