"""The two ids of a sale: `property_id` is the sale, `home_key` is the door.

Both take only what both dialects of geo-DVF carry alike: today's commune and parcel, the price as
a 32-bit float holds it, whole square metres. They are kept for ever; changing a fact, their order
or the names below makes every sale and every door a new one.
"""

import hashlib
import uuid
from typing import Final

import polars as pl

from services.scraper.sales.lines import APARTMENT

# A version 5 UUID: SHA-1 of a namespace and a name, with two fields overwritten.
_SALE: Final = uuid.NAMESPACE_URL.bytes + b"urn:trackimmo:sale:"
_VARIANT: Final = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
_HOME: Final = uuid.NAMESPACE_URL.bytes + b"urn:trackimmo:door:"
_BUILT: Final = pl.col("built_m2").cast(pl.String)


def with_ids(sales: pl.DataFrame) -> pl.DataFrame:
    """Adds `property_id` (uuid text) and `home_key` (32 hex digits); `lots` are sorted."""
    ordered = _with_sorted_lots(sales)
    told = ordered.select(
        sale=_told(*_facts_of_sale()),
        home=_told("insee_code", "number", "suffix", "street_key", _lots_or_surface()),
    )
    return ordered.with_columns(
        property_id=_uuids(_digests(told["sale"], _SALE)),
        home_key=_digests(told["home"], _HOME).str.head(32),
    )


def _with_sorted_lots(sales: pl.DataFrame) -> pl.DataFrame:
    """Few combinations of lots exist, and fewer have two: those alone are taken apart."""
    in_order = pl.col("lots").str.split("+").list.sort().list.join("+")
    several = pl.col("lots").str.contains("+", literal=True)
    known = sales.select("lots").unique().filter(several).with_columns(sorted_lots=in_order)
    return (
        sales.join(known, on="lots", how="left", maintain_order="left")
        .with_columns(lots=pl.coalesce("sorted_lots", "lots"))
        .drop("sorted_lots")
    )


def _told(*facts: pl.Expr | str) -> pl.Expr:
    columns = [pl.col(fact) if isinstance(fact, str) else fact for fact in facts]
    return pl.concat_str([column.fill_null("") for column in columns], separator="|")


def _facts_of_sale() -> tuple[pl.Expr | str, ...]:
    return (
        pl.col("sold_on").cast(pl.String),
        "insee_code",
        _cents_in_both_dialects().cast(pl.String),
        pl.col("disposition").cast(pl.String),
        "parcel",
        "lots",
        pl.col("type").cast(pl.String),
        _BUILT,
    )


def _cents_in_both_dialects() -> pl.Expr:
    euros = (pl.col("price_cents") / 100).cast(pl.Float32).cast(pl.Float64)
    return (euros * 100).round().cast(pl.Int64)


def _lots_or_surface() -> pl.Expr:
    """What tells homes at one address apart: a flat's lots, else the surface; a plot's, its land."""
    land = pl.when(pl.col("kind") == "land").then(pl.col("land_m2").round().cast(pl.Int64))
    is_flat_with_lots = (pl.col("type") == APARTMENT) & (pl.col("lots") != "")
    return (
        pl.when(is_flat_with_lots).then("lots").otherwise(pl.coalesce(_BUILT, land.cast(pl.String)))
    )


def _digests(texts: pl.Series, namespace: bytes) -> pl.Series:
    """SHA-1 of each text, as UUIDs take it: a name, no seal. polars' own hash changes by version."""
    sha1 = hashlib.sha1
    names: list[bytes] = texts.cast(pl.Binary).to_list()
    return pl.Series([sha1(namespace + name).hexdigest() for name in names], dtype=pl.String)


def _uuids(digests: pl.Series) -> pl.Series:
    digest = pl.col("digest").str
    variant = digest.slice(16, 1).replace_strict(_VARIANT)
    third, fourth = digest.slice(13, 3), digest.slice(17, 3)
    dash, version = pl.lit("-"), pl.lit("-5")
    fields = [digest.head(8), dash, digest.slice(8, 4), version, third, dash, variant, fourth]
    text = pl.concat_str(*fields, dash, digest.slice(20, 12))
    return digests.to_frame("digest").select(text).to_series()
