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

from services.scraper.sales.lines import HOUSE, unlike_the_line_before

_LOT: Final = pl.concat_str(pl.lit("lot"), "parcel", "lots", separator=":")
_HOUSE: Final = pl.when(pl.col("type") == HOUSE).then(
    pl.concat_str(pl.lit("house"), "parcel", "built_m2", "rooms", separator=":")
)
_HAS_DOOR: Final = pl.col("number").is_not_null() & pl.col("street").is_not_null()
_DOOR: Final = pl.when(_HAS_DOOR).then(pl.concat_str(pl.lit("door:"), "home_key"))


def covered_lots(lines: pl.DataFrame) -> pl.DataFrame:
    """The keys of parcels and lots that each `sale` covers, in the order of its lines."""
    plots = lines.select("sale", "parcel", "lots")
    touched = plots.filter(unlike_the_line_before(*plots.columns))
    return touched.select("sale", key=_LOT)


def with_resale_keys(sales: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    """Adds `own_keys` and `covered_keys`, lists of text; `covered` as from `covered_lots`."""
    own = [sales.select("sale", key=key) for key in (_LOT, _HOUSE, _DOOR)]
    none = pl.lit([], dtype=pl.List(pl.String))
    return (
        sales.join(_listed(own, "own_keys"), on="sale", how="left", maintain_order="left")
        .join(
            _listed([covered, *own[1:]], "covered_keys"),
            on="sale",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("own_keys", "covered_keys").fill_null(none))
    )


def _listed(keys: list[pl.DataFrame], name: str) -> pl.DataFrame:
    by_sale = pl.concat(keys).drop_nulls().sort("sale", maintain_order=True)
    return by_sale.group_by("sale", maintain_order=True).agg(pl.col("key").alias(name))
