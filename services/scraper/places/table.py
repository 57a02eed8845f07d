"""The table of communes: one CSV line each."""

import csv
import io
from typing import Final

from services.scraper.places.place import Listed

COLUMNS: Final = (
    "code",
    "nom",
    "type",
    "codes_postaux",
    "code_departement",
    "departement",
    "region",
    "population",
    "code_parent",
    "anciens_codes",
)


def read_table(content: bytes) -> list[Listed]:
    """The entries of the table; `ValueError` says what is wrong with it."""
    rows: csv.DictReader[str] = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    if missing := sorted({*COLUMNS} - {*(rows.fieldnames or ())}):
        raise ValueError(f"columns are missing: {', '.join(missing)}")
    return [_listed(row, number) for number, row in enumerate(rows, 2)]


def _listed(row: dict[str, str | None], line: int) -> Listed:
    if None in row.values():
        raise ValueError(f"line {line} is incomplete")
    return _complete({name: value or "" for name, value in row.items()})


def _complete(row: dict[str, str]) -> Listed:
    return Listed(
        code=row["code"],
        name=row["nom"],
        type=row["type"],
        postal_codes=tuple(row["codes_postaux"].split()),
        department_code=row["code_departement"],
        department=row["departement"],
        region=row["region"],
        population=int(row["population"] or 0),
        parent_code=row["code_parent"] or None,
        former_codes=tuple(row["anciens_codes"].split()),
    )
