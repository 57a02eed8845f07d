"""Doors: a town's addresses, each a pure function of its number, none of them twice."""

import math
from functools import lru_cache
from itertools import count
from typing import Final

import msgspec

from deploy.simulator.towns import COMMON_STREETS, TOWNS, YEARS, Town

FLATS_A_BUILDING: Final = 6
DOORS_A_STREET: Final = 150
FIRST_FICTITIOUS: Final = 5000  # the cadastre's numbers for doors without one
_SUFFIXES: Final = "BABCTBD"
_LETTERS: Final = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
_HAMLET: Final = "B"  # begins the code of a place that is no street
_SUFFIXED: Final = 0.07  # share of doors
_WITHOUT_NUMBER: Final = 0.007
_POINTS: Final = 2003
_UNPLACED: Final = 20  # of them: parcels renumbered since have no point
_POINT_STRIDE: Final = 757  # neighbours in a street are not neighbours on the spiral
_KM_A_DEGREE: Final = 111.2


class Street(msgspec.Struct, frozen=True, gc=False):
    """What all doors of a street share."""

    name: str
    code: str
    postal_code: str
    former_code: str
    former_name: str
    section: str  # of the cadastre: a parcel's name without its number


class Door(msgspec.Struct, frozen=True, gc=False):
    """One entrance as the sales files describe it."""

    number: str
    suffix: str
    street: str
    street_code: str
    postal_code: str
    former_code: str
    former_name: str
    parcel: str
    longitude: str
    latitude: str

    @property
    def typed(self) -> bool:
        """False in a hamlet, whose name has no type of way."""
        return self.street_code[0] != _HAMLET


class Plan(msgspec.Struct, frozen=True):
    """How many doors a town has, and where its numbered homes lie."""

    town: Town
    homes_a_year: int
    homes: int  # of all years
    buildings: int
    streets: tuple[Street, ...]
    stride: int
    points: tuple[tuple[str, str], ...]

    def house_door(self, home: int) -> Door:
        """Houses lie beyond the centre: their numbers follow those of the buildings."""
        return door(self, self.buildings + home * self.stride % self.homes)

    def building_door(self, flat: int) -> tuple[Door, int]:
        """The building of a flat and the flat's place in it."""
        building, place = divmod(flat * self.stride % self.homes, FLATS_A_BUILDING)
        return door(self, building), place


@lru_cache(maxsize=64)
def plan(insee: str, homes_a_year: int) -> Plan:
    """A town with room for that many different homes each year."""
    town = TOWNS[insee]
    homes = homes_a_year * len(YEARS)
    buildings = -(-homes // FLATS_A_BUILDING)
    pool = tuple(dict.fromkeys((*town.streets, *COMMON_STREETS)))
    names = pool[: max(len(town.streets), (homes + buildings) // DOORS_A_STREET)]
    if (homes + buildings) // len(names) >= FIRST_FICTITIOUS - 1:
        raise ValueError(f"{town.name} has no room for {homes_a_year} homes a year")
    streets = tuple(_street(town, position, name) for position, name in enumerate(names))
    return Plan(town, homes_a_year, homes, buildings, streets, _coprime(homes), _points(town))


def _coprime(modulus: int) -> int:
    """A step that visits every residue once, spread like the golden section."""
    start = max(1, int(modulus * 0.618))
    return next(step for step in count(start) if math.gcd(step, modulus) == 1)


def _street(town: Town, position: int, name: str) -> Street:
    former_code, former_name = _former(town, position)
    block, letters = divmod(position, len(_LETTERS) ** 2)
    first, second = divmod(letters, len(_LETTERS))
    prefix = int(former_code[2:]) if former_code else block
    return Street(
        name=name,
        code=f"{position * 10 + 40:04d}",
        postal_code=town.postal_codes[position % len(town.postal_codes)],
        former_code=former_code,
        former_name=former_name,
        section=f"{town.insee}{prefix:03d}{_LETTERS[first]}{_LETTERS[second]}",
    )


def _former(town: Town, position: int) -> tuple[str, str]:
    """Every other street lies in one of the communes that the town has absorbed."""
    if not town.former or position % 2 == 0:
        return "", ""
    codes = sorted(town.former)
    code = codes[position // 2 % len(codes)]
    return code, town.former[code]


def door(plan: Plan, index: int) -> Door:
    """The door of that index; equal for every year and dialect."""
    row, position = divmod(index, len(plan.streets))
    street = plan.streets[position]
    number, suffix, name, code = _label(plan.town, index, row + 1, street)
    return Door(
        number,
        suffix,
        name,
        code,
        street.postal_code,
        street.former_code,
        street.former_name,
        f"{street.section}{row + 1:04d}",
        *plan.points[index * _POINT_STRIDE % _POINTS],
    )


def _label(town: Town, index: int, number: int, street: Street) -> tuple[str, str, str, str]:
    """Number, suffix, street and its code; a few are what the cadastre made of them."""
    mark = index * 0.381966 % 1
    if mark < town.hamlets_share:
        hamlet = index % len(town.hamlets)
        numbers = (str(number), str(FIRST_FICTITIOUS + number), "", str(9000 + number % 999))
        return numbers[index % 4], "", town.hamlets[hamlet], f"{_HAMLET}{hamlet + 10:03d}"
    if mark < town.hamlets_share + town.fictitious:
        numbers = (str(FIRST_FICTITIOUS + number), "0", str(9000 + number % 999))
        return numbers[index % 3], "", street.name, street.code
    if mark > 1 - _WITHOUT_NUMBER:
        return "", "", street.name, street.code
    suffix = _SUFFIXES[index % len(_SUFFIXES)] if mark > 1 - _SUFFIXED else ""
    return str(number), suffix, street.name, street.code


def _points(town: Town) -> tuple[tuple[str, str], ...]:
    """Longitudes and latitudes spread over the town like the seeds of a sunflower."""
    placed = (_point(town, index) for index in range(_UNPLACED, _POINTS))
    return (("", ""),) * _UNPLACED + tuple(placed)


def _point(town: Town, index: int) -> tuple[str, str]:
    angle = index * 2.399963
    reach = town.radius_km / _KM_A_DEGREE * math.sqrt(index / _POINTS)
    longitude = town.longitude + reach * math.cos(angle) / math.cos(math.radians(town.latitude))
    latitude = town.latitude + reach * math.sin(angle)
    return f"{longitude:.6f}".rstrip("0"), f"{latitude:.6f}".rstrip("0")
