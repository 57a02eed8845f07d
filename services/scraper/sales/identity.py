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
_HOME: Final = uuid.NAMESPACE_URL.bytes + b"urn:trackimmo:door:"
_KEPT: Final = 16  # bytes of a SHA-1
_WRITTEN: Final = b"........-....-5...-....-............\n"
_VERSION_AT: Final = 14
_VARIANT_AT: Final = 19
_VARIANT: Final = bytes.maketrans(b"0123456789abcdef", b"89ab" * 4)
_BUILT: Final = pl.col("built_m2").cast(pl.String)


def property_ids(sales: pl.DataFrame) -> pl.Series:
    """The `property_id` of each sale, as text of a UUID; `lots` must be sorted."""
    told = sales.select(_told(*_facts_of_sale())).to_series()
    return pl.Series("property_id", _uuids(_digests(told, _SALE)), pl.String)


def home_keys(sales: pl.DataFrame) -> pl.Series:
    """The `home_key` of each sale, 32 hex digits; `lots` must be sorted."""
    facts = ("insee_code", "number", "suffix", "street_key", _lots_or_surface())
    digests = _digests(sales.select(_told(*facts)).to_series(), _HOME)
    return pl.Series("home_key", digests.hex("\n", _KEPT).split(), pl.String)


def with_sorted_lots(sales: pl.DataFrame) -> pl.DataFrame:
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


def _digests(texts: pl.Series, namespace: bytes) -> bytes:
    """The first 16 bytes of the SHA-1 of each text, one after the other.

    A name, no seal: as UUIDs take it. polars' own hash changes by version.
    """
    begun = hashlib.sha1(namespace, usedforsecurity=False).copy  # half the price of a new one
    names: list[bytes] = texts.cast(pl.Binary).to_list()
    digests: list[bytes] = []
    for name in names:
        digest = begun()
        digest.update(name)
        digests.append(digest.digest()[:_KEPT])
    return b"".join(digests)


def _uuids(digests: bytes) -> list[str]:
    """UUIDs of version 5, written for all at once: the first digit of each, then the second."""
    digits, width, written = digests.hex().encode(), 2 * _KEPT, len(_WRITTEN)
    text = bytearray(_WRITTEN) * (len(digests) // _KEPT)
    places = [at for at, character in enumerate(_WRITTEN) if character not in b"-\n"]
    for digit, place in enumerate(places):
        if place != _VERSION_AT:
            text[place::written] = digits[digit::width]
    text[_VARIANT_AT::written] = text[_VARIANT_AT::written].translate(_VARIANT)
    return text.decode().split()
