"""The places: the table of communes, and the API Géo's answer made from it."""

import csv
import io
from pathlib import Path
from typing import Any, Final

import msgspec

COMMUNES_CSV: Final = (Path(__file__).parent / "communes.csv").read_bytes()
_CURRENT: Final = "commune-actuelle"
_DEFAULT_FIELDS: Final = "nom,code,codeDepartement,codeRegion,codesPostaux,population"


def communes(query: dict[str, str]) -> bytes:
    """What `/communes` answers: the types asked for, with the fields asked for."""
    types = query.get("type", _CURRENT).split(",")
    fields = {"nom", "code", *query.get("fields", _DEFAULT_FIELDS).split(",")}
    department = query.get("codeDepartement")
    rows = csv.DictReader(io.StringIO(COMMUNES_CSV.decode()))
    return msgspec.json.encode(
        [
            {name: value for name, value in _commune(row).items() if name in fields}
            for row in rows
            if row["type"] in types and department in {None, row["code_departement"]}
        ]
    )


def _commune(row: dict[str, str]) -> dict[str, Any]:
    full = {
        "nom": row["nom"],
        "code": row["code"],
        "type": row["type"],
        "codesPostaux": row["codes_postaux"].split(),
        "codeDepartement": row["code_departement"],
        "departement": {"code": row["code_departement"], "nom": row["departement"]},
        "codeRegion": row["code_region"],
        "region": {"code": row["code_region"], "nom": row["region"]},
        "population": int(row["population"]) if row["population"] else None,
        "codeParent": row["code_parent"] or None,
        "anciensCodes": row["anciens_codes"].split() or None,
        "zone": row["zone"],
    }
    return {name: value for name, value in full.items() if value is not None}
