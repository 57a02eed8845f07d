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
    TOLD_BY_FIRST,
    unlike_the_line_before,
)

NEW_BUILD: Final = "Vente en l'état futur d'achèvement"
AUCTION: Final = "Adjudication"
HOME_NATURES: Final = ("Vente", NEW_BUILD, AUCTION)
LAND_NATURES: Final = ("Vente", "Vente terrain à bâtir")

_LEAD: Final = ("sale", *GROUP_KEY, *SIGNATURE, "nature")
_IS_NEW_SALE: Final = (pl.col("sale") != pl.col("sale").shift()).fill_null(value=True)
_IS_DWELLING: Final = pl.col("type").is_in([HOUSE, APARTMENT])
_IS_BUSINESS: Final = pl.col("type") == BUSINESS
_MANY_LINES: Final = 2**32
_PLOT: Final = ("parcel", "culture", "special_culture", "area_m2")
_COUNTED: Final = {
    "natures": ~_IS_NEW_SALE & unlike_the_line_before("nature"),
    "addresses": ~_IS_NEW_SALE & unlike_the_line_before("number", "suffix", "street"),
    "business": _IS_BUSINESS,
    "buildings": pl.col("type") != LAND,
    "dwelling_lines": _IS_DWELLING,
    "signatures": _IS_DWELLING & pl.col("fresh"),
    "business_m2": pl.when(_IS_BUSINESS & pl.col("fresh")).then("built_m2"),
}


def group_sales(lines: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """One row per sale, with the facts of its first line in the lines' order; `sale` is its place.

    `lines` are in order; `told` are the same as the file has them. The lines of a sale stand
    together: what is counted of them is a difference of running sums.
    """
    first = lines.select(pl.arg_where(_IS_NEW_SALE)).to_series()
    there = lines["at"].gather(first)
    sales = (
        lines.select(pl.col(_LEAD).gather(first))
        .with_columns(*told.select(pl.col(TOLD_BY_FIRST).gather(there)), **_said_by_nature())
        .with_columns(_totals(lines, first))
    )
    return (
        sales.update(_of_many_natures(lines, sales), on="sale")
        .join(_recounted(lines, sales), on="sale", how="left", maintain_order="left")
        .join(_land(lines), on="sale", how="left", maintain_order="left")
        .with_columns(
            one_address=pl.col("addresses") == 0,
            business=pl.col("business") > 0,
            only_land=pl.col("buildings") == 0,
            dwellings=pl.coalesce("recounted", "signatures"),
        )
    )


def _totals(lines: pl.DataFrame, first: pl.Series) -> list[pl.Series]:
    """What is counted of each sale, and its first line in the file."""
    last = first.shift(-1, fill_value=lines.height) - 1
    sums = {
        name: counted.cast(pl.Int64).fill_null(0).cum_sum().gather(last)
        for name, counted in _COUNTED.items()
    }
    # The least line so far, where those of a later sale are less than all before.
    below = pl.col("line").cast(pl.Int64) - pl.col("sale").cast(pl.Int64) * _MANY_LINES
    marked = lines.with_columns(fresh=unlike_the_line_before("sale", *SIGNATURE))
    until = marked.select(**sums, line=below.cum_min().gather(last))
    line = until["line"] % _MANY_LINES
    counted = until.drop("line").select(pl.all() - pl.all().shift(fill_value=0))
    return [*counted.get_columns(), line.cast(pl.UInt32)]


def _said_by_nature() -> dict[str, pl.Expr]:
    return {
        "foreign_nature": ~_is_nature(HOME_NATURES),
        "land_natures": _is_nature(LAND_NATURES),
        "new_build": _is_nature((NEW_BUILD,)),
        "auction": _is_nature((AUCTION,)),
    }


def _is_nature(names: tuple[str, ...]) -> pl.Expr:
    return pl.col("nature").is_in(names).fill_null(value=False)


def _of_many_natures(lines: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """The same for the few sales whose lines differ in nature."""
    said = _lines_of(lines, sales, pl.col("natures") > 0).select("sale", "nature")
    return (
        said.with_columns(**_said_by_nature())
        .group_by("sale")
        .agg(
            pl.col("nature").min(),
            pl.col("foreign_nature", "new_build", "auction").any(),
            pl.col("land_natures").all(),
        )
    )


def _lines_of(lines: pl.DataFrame, sales: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    wanted = sales.select(which).to_series()
    return lines.filter(wanted.gather(lines["sale"]))


def _recounted(lines: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """Dwellings of the sales where a signature repeats: n dwellings with p cultures make n x p lines.

    Repeated lines are no duplicates: the identifier that told two like flats apart is withheld.
    """
    of_them = _lines_of(lines, sales, pl.col("dwelling_lines") > pl.col("signatures"))
    on_parcel = ["sale", "parcel"]
    cultures = of_them.unique(["sale", *_PLOT]).group_by(on_parcel).agg(cultures=pl.len())
    repeats = of_them.filter(_IS_DWELLING).group_by("sale", *SIGNATURE).agg(lines=pl.len())
    count = (pl.col("lines") / pl.col("cultures")).round(mode="half_to_even").clip(lower_bound=1)
    return (
        repeats.join(cultures, on=on_parcel, nulls_equal=True)
        .group_by("sale")
        .agg(recounted=count.sum().cast(pl.Int64))
    )


def _land(lines: pl.DataFrame) -> pl.DataFrame:
    """The land of each sale: a plot counts once, however many lines repeat it."""
    plots = lines.select("sale", *_PLOT).filter(pl.col("area_m2") > 0)
    plots = plots.filter(unlike_the_line_before("sale", *_PLOT))
    is_alone = _IS_NEW_SALE & _IS_NEW_SALE.shift(-1, fill_value=True)
    several = plots.filter(~is_alone).unique(["sale", *_PLOT])
    return pl.concat([
        plots.filter(is_alone).select("sale", land_m2="area_m2"),
        several.group_by("sale").agg(land_m2=pl.col("area_m2").sum()),
    ])  # fmt: skip
