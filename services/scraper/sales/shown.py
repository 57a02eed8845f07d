"""The columns that leave this package, and the surface that a reader is shown."""

from typing import Final

import polars as pl

SHOWN: Final = (
    "property_id",  # uuid text, the sale
    "home_key",  # 32 hex digits, the door
    "insee_code",  # today's commune
    "kind",  # house, apartment, land, commercial, other
    "offered",  # may be chosen, if postable
    "postable",  # a real number and a street
    "rejected",  # why it is no single home, or null
    "sold_on",
    "price_cents",  # null where the file has none
    "new_build",
    "auction",
    "suspect",  # a price or surface hard to believe: offered, kept out of averages
    "nature",
    "number",
    "suffix",
    "street",
    "postal_code",
    "city_name",
    "address",  # one line to print, may be blank
    "surface_m2",  # null for land and for several homes
    "rooms",
    "land_m2",
    "latitude",
    "longitude",
    "parcel",
    "lots",  # sorted, joined by "+", blank for none
    "disposition",
    "line",  # number of its first line, the header being 1
    "own_keys",  # see `resale`
    "covered_keys",
)
_CARREZ_TOLERANCE: Final = 0.3
_LEAST_CENTS: Final = 100_00
_CENTS_PER_M2: Final = (300_00, 30_000_00)
_SURFACES_M2: Final = (9, 400)


def with_shown_surface(sales: pl.DataFrame) -> pl.DataFrame:
    """Adds `surface_m2` and `suspect`; `rooms` only where there is one home."""
    is_home = pl.col("kind").is_in(["house", "apartment"])
    surface = (
        pl.when(is_home)
        .then(_carrez_or_built())
        .when((pl.col("kind") == "commercial") & (pl.col("business_m2") > 0))
        .then("business_m2")
    )
    return sales.with_columns(
        surface_m2=surface.cast(pl.Float64), rooms=pl.when(is_home).then("rooms")
    ).with_columns(suspect=_suspect())


def _carrez_or_built() -> pl.Expr:
    built, carrez = pl.col("built_m2"), pl.col("carrez_m2")
    is_near = ((carrez - built).abs() <= _CARREZ_TOLERANCE * built).fill_null(value=False)
    return pl.when(is_near).then(carrez.round(2)).otherwise(built)


def _suspect() -> pl.Expr:
    per_m2 = pl.col("price_cents") / pl.col("surface_m2")
    believable = per_m2.is_between(*_CENTS_PER_M2) & pl.col("surface_m2").is_between(*_SURFACES_M2)
    cheap = pl.col("price_cents") <= _LEAST_CENTS
    return (cheap | ~believable).fill_null(value=False)
