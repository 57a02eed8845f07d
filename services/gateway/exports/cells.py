"""What stands in each cell of a home's line. Codes are texts: 01000 stays 01000."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeAlias

from services.gateway.exports.words import SOURCE, Words

Cell: TypeAlias = str | float | date | None
Row: TypeAlias = Mapping[str, Any]

CALCULATED: Final = frozenset("=+-@")
"""Beginnings that some program takes for a formula, however wide they are written."""
BLANK: Final = re.compile(
    "[\\s\xad\u061c\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufff9-\ufffb]*"
)
"""What shows nothing before a beginning."""
UNSEEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
"""Signs that no cell needs; some XML cannot hold them, others turn the direction of text."""


def harmless(text: str) -> str:
    """The text, as no program calculates it: an apostrophe is set before what looks like a formula."""
    seen = UNSEEN.sub(" ", text.replace("\r\n", "\n"))
    first = unicodedata.normalize("NFKC", BLANK.sub("", seen, count=1)[:1])
    return f"'{seen}" if first in CALCULATED else seen


def cells(row: Row, words: Words) -> tuple[Cell, ...]:
    """The cells of a home, in the order of the headings."""
    given = (*_home(row, words), *_worth(row, words), *_followed(row, words), _source(row, words))
    return tuple(harmless(cell) if isinstance(cell, str) else cell for cell in given)


def _home(row: Row, words: Words) -> tuple[Cell, ...]:
    return (
        str(row["address_id"]),
        row["address_raw"],
        row["printed_address"],
        row["postal_code"],
        row["city_name"],
        row["insee_code"],
        words.kinds.get(row["property_type"], words.kinds["other"]),
        row["surface"],
        row["land_surface"],
        row["rooms"],
        row["price"],
        row["sale_date"],
        row["latitude"],
        row["longitude"],
        words.positions.get(row["position_source"]),
    )


def _worth(row: Row, words: Words) -> tuple[Cell, ...]:
    return (
        row["estimate_eur"],
        row["estimate_low_eur"],
        row["estimate_high_eur"],
        words.bases.get(row["estimate_basis"]),
        row["estimate_comparables"],
    )


def _followed(row: Row, words: Words) -> tuple[Cell, ...]:
    return (
        row["send_date"],
        words.stages[row["follow_status"]],
        row["notes"],
        row["contact_date"],
        row["follow_up"],
        row["sale_horizon"],
        row["desired_price"],
    )


def _source(row: Row, words: Words) -> str:
    return f"{SOURCE}, {words.edition} {row['edition']}"
