"""The address of a sale: as printed, as compared, and whether a letter would arrive."""

from typing import Final

import polars as pl

# 0 and 5000 and above are numbers of the land registry, on no door.
_FICTITIOUS_FROM: Final = 5000
# The land registry's short words for types of way; other publishers spell them out.
WAYS: Final = {
    "ALLEE": "ALL",
    "AVENUE": "AV",
    "BOULEVARD": "BD",
    "CHEMIN": "CHE",
    "COURS": "CRS",
    "HAMEAU": "HAM",
    "IMPASSE": "IMP",
    "LOTISSEMENT": "LOT",
    "PLACE": "PL",
    "RESIDENCE": "RES",
    "ROUTE": "RTE",
    "SQUARE": "SQ",
}


def with_address(sales: pl.DataFrame) -> pl.DataFrame:
    """Adds `address` (one line to print), `street_key` (to compare) and `postable`."""
    number = pl.col("number").cast(pl.Int64, strict=False)
    street = pl.col("street")
    is_real = (number > 0) & (number < _FICTITIOUS_FROM) & street.is_not_null()
    keys = sales.select(street.unique().drop_nulls()).with_columns(street_key=street_key(street))
    return (
        sales.join(keys, on="street", how="left", maintain_order="left")
        .with_columns(
            number=pl.coalesce(number.cast(pl.String), "number"),
            postable=is_real.fill_null(value=False),
        )
        .with_columns(
            address=pl.concat_str("number", "suffix", "street", separator=" ", ignore_nulls=True)
        )
    )


def street_key(street: pl.Expr) -> pl.Expr:
    """A street without accents, punctuation and spelled-out types of way, for comparison."""
    plain = (
        street.str.normalize("NFD")
        .str.replace_all(r"\p{M}", "")
        .str.to_uppercase()
        .str.replace_all("[^A-Z0-9]+", " ")
        .str.strip_chars()
    )
    way = plain.str.extract("^([A-Z0-9]+)")
    short = way.replace_strict(WAYS, default=way, return_dtype=pl.String)
    return pl.concat_str(short, plain.str.strip_prefix(way))
