"""The towns that have sales here: real places, invented sales."""

from pathlib import Path
from typing import Final

import msgspec

YEARS: Final = range(2014, 2026)
_HERE: Final = Path(__file__).parent


class Town(msgspec.Struct, frozen=True, kw_only=True):
    """A commune or arrondissement and what its market looks like."""

    insee: str
    name: str
    department: str
    postal_codes: tuple[str, ...]
    latitude: float
    longitude: float
    radius_km: float
    acts: int  # deeds in an ordinary year
    flats: float  # their share among the homes
    house_eur_m2: int
    flat_eur_m2: int
    fictitious: float  # share of doors with a number that the cadastre made up
    hamlets_share: float  # share of doors in a hamlet: no way type
    streets: tuple[str, ...]
    hamlets: tuple[str, ...] = ()
    former: dict[str, str] = {}  # code and name of the communes it has absorbed
    years_without_sales: tuple[int, ...] = ()


class StreetNames(msgspec.Struct, frozen=True):
    ways: tuple[str, ...]
    names: tuple[str, ...]

    def combined(self) -> list[str]:
        """Every way with every name, neighbours differing in both."""
        ways = len(self.ways)
        return [
            f"{self.ways[(position + turn) % ways]} {name}"
            for turn in range(ways)
            for position, name in enumerate(self.names)
        ]


TOWNS: Final = {
    town.insee: town
    for town in msgspec.json.decode((_HERE / "towns.json").read_bytes(), type=list[Town])
}
COMMON_STREETS: Final = msgspec.json.decode(
    (_HERE / "street_names.json").read_bytes(), type=StreetNames
).combined()


def sells_in(insee: str, year: int) -> bool:
    """Whether the publisher has a file for this commune and year."""
    town = TOWNS.get(insee)
    return town is not None and year in YEARS and year not in town.years_without_sales


def towns_of(department: str, year: int) -> list[Town]:
    return [t for t in TOWNS.values() if t.department == department and sells_in(t.insee, year)]
