"""What stands in each cell of a home's line. Codes are texts: 01000 stays 01000."""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

from libs.spreadsheet import harmless
from services.gateway.exports.words import SOURCE, Words

Cell: TypeAlias = str | float | date | None
Row: TypeAlias = Mapping[str, Any]


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
