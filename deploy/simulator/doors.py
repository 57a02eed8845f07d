"""Doors: a town's addresses, each a pure function of its number, none of them twice."""

import math
from itertools import count
from typing import Final

import msgspec

from deploy.simulator.towns import COMMON_STREETS, YEARS, Town

FLATS_A_BUILDING: Final = 6
DOORS_A_STREET: Final = 150
FIRST_FICTITIOUS: Final = 5000  # the cadastre's numbers for doors without one
_SUFFIXES: Final = "BABCTBD"
_LETTERS: Final = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
_KM_A_DEGREE: Final = 111.2


class Door(msgspec.Struct, frozen=True, gc=False):
    """One entrance as the sales files describe it."""

    number: str
    suffix: str
    street: str
    street_code: str
    typed: bool  # false in a hamlet: the street has no type of way
    postal_code: str
    former_code: str
    former_name: str
    parcel: str
    longitude: str
    latitude: str


class Plan(msgspec.Struct, frozen=True):
    """How many doors a town has, and where its numbered homes lie."""

    town: Town
    homes_a_year: int
    homes: int  # of all years
    buildings: int
    streets: tuple[str, ...]
    stride: int

    def house_door(self, home: int) -> Door:
        """Houses lie beyond the centre: their numbers follow those of the buildings."""
        return door(self, self.buildings + self._shuffled(home))

    def building_door(self, flat: int) -> tuple[Door, int]:
        """The building of a flat and the flat's place in it."""
        building, place = divmod(self._shuffled(flat), FLATS_A_BUILDING)
        return door(self, building), place

    def _shuffled(self, home: int) -> int:
        return home * self.stride % self.homes


def plan(town: Town, homes_a_year: int) -> Plan:
    """A town with room for that many different homes each year."""
    homes = homes_a_year * len(YEARS)
    buildings = -(-homes // FLATS_A_BUILDING)
    pool = tuple(dict.fromkeys((*town.streets, *COMMON_STREETS)))
    streets = pool[: max(len(town.streets), (homes + buildings) // DOORS_A_STREET)]
    if (homes + buildings) // len(streets) >= FIRST_FICTITIOUS - 1:
        raise ValueError(f"{town.name} has no room for {homes_a_year} homes a year")
    return Plan(town, homes_a_year, homes, buildings, streets, _coprime(homes))


def _coprime(modulus: int) -> int:
    """A step that visits every residue once, spread like the golden section."""
    start = max(1, int(modulus * 0.618))
    return next(step for step in count(start) if math.gcd(step, modulus) == 1)


def door(plan: Plan, index: int) -> Door:
    """The door of that index; equal for every year and dialect."""
    town, streets = plan.town, plan.streets
    row, street = divmod(index, len(streets))
    number, suffix, name, code = _label(town, index, row + 1, streets[street], street)
    former_code, former_name = _former(town, street)
    block, letters = divmod(street, len(_LETTERS) ** 2)
    first, second = divmod(letters, len(_LETTERS))
    prefix = int(former_code[2:]) if former_code else block
    longitude, latitude = _position(town, index)
    return Door(
        number,
        suffix,
        name,
        code,
        code[0].isdigit(),
        town.postal_codes[street % len(town.postal_codes)],
        former_code,
        former_name,
        f"{town.insee}{prefix:03d}{_LETTERS[first]}{_LETTERS[second]}{row + 1:04d}",
        longitude,
        latitude,
    )


def _label(
    town: Town, index: int, number: int, street: str, street_index: int
) -> tuple[str, str, str, str]:
    """Number, suffix, street and its code; a few are what the cadastre made of them."""
    mark = index * 0.381966 % 1
    if mark < town.hamlets_share:
        hamlet = index % len(town.hamlets)
        numbers = (str(number), str(FIRST_FICTITIOUS + number), "", str(9000 + number % 999))
        return numbers[index % 4], "", town.hamlets[hamlet], f"B{hamlet + 10:03d}"
    code = f"{street_index * 10 + 40:04d}"
    if mark < town.hamlets_share + town.fictitious:
        numbers = (str(FIRST_FICTITIOUS + number), "0", str(9000 + number % 999))
        return numbers[index % 3], "", street, code
    suffix = _SUFFIXES[index % len(_SUFFIXES)] if mark > 0.93 else ""  # noqa: PLR2004  7 % of doors
    return ("" if mark > 0.993 else str(number)), suffix, street, code  # noqa: PLR2004  0.7 % lack it


def _former(town: Town, street: int) -> tuple[str, str]:
    if not town.former or street % 2 == 0:
        return "", ""
    codes = sorted(town.former)
    code = codes[street // 2 % len(codes)]
    return code, town.former[code]


def _position(town: Town, index: int) -> tuple[str, str]:
    """A point within the town; one in a hundred parcels has none."""
    if index % 101 == 0:
        return "", ""
    angle = index * 2.399963
    reach = town.radius_km / _KM_A_DEGREE * math.sqrt(index * 0.754878 % 1)
    longitude = town.longitude + reach * math.cos(angle) / math.cos(math.radians(town.latitude))
    latitude = town.latitude + reach * math.sin(angle)
    return f"{longitude:.6f}".rstrip("0"), f"{latitude:.6f}".rstrip("0")
