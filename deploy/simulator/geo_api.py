"""The places: the table of communes, and the API Géo's answer made from it."""

import csv
import io
import math
from pathlib import Path
from typing import Any, Final

import msgspec

from deploy.simulator.towns import TOWNS, Town

COMMUNES_CSV: Final = (Path(__file__).parent / "communes.csv").read_bytes()
_CURRENT: Final = "commune-actuelle"
_PLACES: Final = frozenset({_CURRENT, "arrondissement-municipal"})
_KM_A_DEGREE: Final = 111.2
_BORDER_POINTS: Final = 720
_ISLANDS_BELOW: Final = 0.9  # share of flats
_DEFAULT_FIELDS: Final = "nom,code,codeDepartement,codeRegion,codesPostaux,population"


def communes(query: dict[str, str]) -> bytes:
    """What `/communes` answers: the types asked for, with the fields asked for."""
    types = query.get("type", _CURRENT).split(",")
    fields = {"nom", "code", *query.get("fields", _DEFAULT_FIELDS).split(",")}
    rows = csv.DictReader(io.StringIO(COMMUNES_CSV.decode()))
    return msgspec.json.encode(
        [
            _shown(row, fields)
            for row in rows
            if row["type"] in types
            and query.get("codeDepartement") in {None, row["code_departement"]}
            and query.get("code") in {None, row["code"]}
            and query.get("codePostal") in {None, *row["codes_postaux"].split()}
        ]
    )


def commune(code: str, query: dict[str, str]) -> bytes | None:
    """What `/communes/{code}` answers, if there is one."""
    fields = {"nom", "code", *query.get("fields", _DEFAULT_FIELDS).split(",")}
    rows = csv.DictReader(io.StringIO(COMMUNES_CSV.decode()))
    found = next((row for row in rows if row["code"] == code and row["type"] in _PLACES), None)
    return msgspec.json.encode(_shown(found, fields)) if found else None


def _shown(row: dict[str, str], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in _commune(row).items() if name in fields}


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
        "contour": _contour(TOWNS[row["code"]]) if row["code"] in TOWNS else None,
    }
    return {name: value for name, value in full.items() if value is not None}


def _contour(town: Town) -> dict[str, Any]:
    """An invented border: a wave around the town's middle; where flats rule, an island beside it."""
    around = [_ring(town, at_km=0, reach_km=town.radius_km * 1.3)]
    if town.flats < _ISLANDS_BELOW:
        return {"type": "Polygon", "coordinates": around}
    island = [_ring(town, at_km=town.radius_km * 2, reach_km=town.radius_km / 4)]
    return {"type": "MultiPolygon", "coordinates": [around, island]}


def _ring(town: Town, *, at_km: float, reach_km: float) -> list[tuple[float, float]]:
    """Its points, the last one equal to the first."""
    flatter = math.cos(math.radians(town.latitude))
    points: list[tuple[float, float]] = []
    for step in range(_BORDER_POINTS):
        angle = 2 * math.pi * step / _BORDER_POINTS
        reach = reach_km * (1 + 0.15 * math.sin(5 * angle) + 0.02 * math.sin(37 * angle))
        east, north = (at_km + reach * math.cos(angle)), reach * math.sin(angle)
        longitude = town.longitude + east / (_KM_A_DEGREE * flatter)
        points.append((round(longitude, 6), round(town.latitude + north / _KM_A_DEGREE, 6)))
    return [*points, points[0]]
