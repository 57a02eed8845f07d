"""Lines to sales: one row per group of (day, commune, price in cents, disposition)."""

from typing import Final

import polars as pl

from services.scraper.sales.lines import (
    APARTMENT,
    BUSINESS,
    GROUP_KEY,
    HOUSE,
    LAND,
    SIGNATURE,
    unlike_the_line_before,
)

NEW_BUILD: Final = "Vente en l'état futur d'achèvement"
AUCTION: Final = "Adjudication"
HOME_NATURES: Final = ("Vente", NEW_BUILD, AUCTION)
LAND_NATURES: Final = ("Vente", "Vente terrain à bâtir")

_LEAD: Final = (
    *GROUP_KEY,
    *SIGNATURE,
    "postal_code",
    "city_name",
    "carrez_m2",
    "latitude",
    "longitude",
)
_IS_DWELLING: Final = pl.col("type").is_in([HOUSE, APARTMENT])
_IS_BUSINESS: Final = pl.col("type") == BUSINESS
_CULTURE: Final = ("culture", "special_culture", "area_m2")


def group_sales(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per sale, with the facts of its first line in the lines' order."""
    marked = lines.with_columns(fresh=unlike_the_line_before("sale", *SIGNATURE))
    sales = marked.group_by("sale", maintain_order=True).agg(
        pl.col(_LEAD).first(),
        pl.col("line", "nature").min(),
        foreign_nature=(~_is_nature(HOME_NATURES)).any(),
        land_natures=_is_nature(LAND_NATURES).all(),
        new_build=(pl.col("nature") == NEW_BUILD).any(),
        auction=(pl.col("nature") == AUCTION).any(),
        business=_IS_BUSINESS.any(),
        only_land=(pl.col("type") == LAND).all(),
        addresses=pl.struct("number", "suffix", "street").n_unique(),
        dwelling_lines=_IS_DWELLING.sum(),
        signatures=(_IS_DWELLING & pl.col("fresh")).sum(),
        business_m2=pl.col("built_m2").filter(_IS_BUSINESS & pl.col("fresh")).sum(),
    )
    return (
        sales.join(_recounted(lines, sales), on="sale", how="left", maintain_order="left")
        .join(_land(lines), on="sale", how="left", maintain_order="left")
        .with_columns(dwellings=pl.coalesce("recounted", "signatures"))
    )


def _is_nature(names: tuple[str, ...]) -> pl.Expr:
    return pl.col("nature").is_in(names).fill_null(value=False)


def _recounted(lines: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """Dwellings of the sales where a signature repeats: n dwellings with p cultures make n x p lines.

    Repeated lines are no duplicates: the identifier that told two like flats apart is withheld.
    """
    repeating = sales.filter(pl.col("dwelling_lines") > pl.col("signatures")).select("sale")
    of_them = lines.join(repeating, on="sale", how="semi")
    on_parcel = ["sale", "parcel"]
    cultures = of_them.group_by(on_parcel).agg(cultures=pl.struct(_CULTURE).n_unique())
    repeats = of_them.filter(_IS_DWELLING).group_by("sale", *SIGNATURE).agg(lines=pl.len())
    count = (pl.col("lines") / pl.col("cultures")).round(mode="half_to_even").clip(lower_bound=1)
    return (
        repeats.join(cultures, on=on_parcel, nulls_equal=True)
        .group_by("sale")
        .agg(recounted=count.sum().cast(pl.UInt32))
    )


def _land(lines: pl.DataFrame) -> pl.DataFrame:
    """The land of each sale: a plot counts once, however many lines repeat it."""
    plots = lines.filter(pl.col("area_m2") > 0).unique(["sale", "parcel", *_CULTURE])
    return plots.group_by("sale").agg(land_m2=pl.col("area_m2").sum())
