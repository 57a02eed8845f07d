"""What a sale is, why it is no single home, and whether it is offered."""

from typing import Final

import polars as pl

from services.scraper.sales.lines import HOUSE

KINDS: Final = ("house", "apartment", "land", "commercial", "other")
REASONS: Final = (
    "nature",
    "no_price_or_symbolic",
    "no_dwelling",
    "several_dwellings",
    "mixed_with_business",
)
_SYMBOLIC_CENTS: Final = 100
_IS_ONE_HOME: Final = pl.col("rejected").is_null()
_IS_LAND: Final = pl.col("only_land") & pl.col("land_natures")


def with_kind(sales: pl.DataFrame) -> pl.DataFrame:
    """Adds `priced`, `rejected` (why it is no single home), `kind` (null: dropped) and `offered`.

    A sale without a usable price is nobody's target, yet it tells that a home changed hands: it
    stays as `other`, not offered.
    """
    priced = (pl.col("price_cents") > _SYMBOLIC_CENTS).fill_null(value=False)
    return (
        sales.with_columns(priced=priced)
        .with_columns(rejected=_rejected())
        .with_columns(kind=_kind())
        .with_columns(offered=_offered())
    )


def _rejected() -> pl.Expr:
    """The first reason that holds, in the reference's order."""
    nature, price, none, several, mixed = (pl.lit(reason) for reason in REASONS)
    return (
        pl.when("foreign_nature")
        .then(nature)
        .when(~pl.col("priced"))
        .then(price)
        .when(pl.col("dwellings") == 0)
        .then(none)
        .when(pl.col("dwellings") > 1)
        .then(several)
        .when("business")
        .then(mixed)
    )


def _kind() -> pl.Expr:
    house, apartment, land, commercial, other = (pl.lit(kind) for kind in KINDS)
    return (
        pl.when(pl.col("foreign_nature") & ~_IS_LAND)
        .then(None)
        .when(~pl.col("priced"))
        .then(other)
        .when(_IS_ONE_HOME)
        .then(pl.when(pl.col("type") == HOUSE).then(house).otherwise(apartment))
        .when(_IS_LAND)
        .then(land)
        .when(pl.col("business") & (pl.col("dwellings") == 0))
        .then(commercial)
        .otherwise(other)
    )


def _offered() -> pl.Expr:
    """Homes, land, business; several homes if one address stands for all; no VEFA without a home."""
    plain = pl.col("kind").is_in(["land", "commercial"]) & ~pl.col("new_build")
    at_one_door = (pl.col("dwellings") > 0) & pl.col("one_address")
    together = (pl.col("kind") == "other") & at_one_door
    return (pl.col("priced") & (_IS_ONE_HOME | plain | together)).fill_null(value=False)
