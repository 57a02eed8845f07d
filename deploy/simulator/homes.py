"""Single homes and what comes with them."""

from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from deploy.simulator.deeds import (
    FLAT,
    GARDEN,
    GROUNDS,
    HOUSE,
    NO_LOCAL,
    OUTBUILDING,
    SOIL,
    Culture,
    Line,
)
from deploy.simulator.doors import Door, Plan

LOTS_A_FLAT: Final = 3  # the flat, its cellar, its garage
_SECOND_PARCEL: Final = 5000  # beyond every door's own parcel number

Chance = Callable[[], float]


class Home(msgspec.Struct, frozen=True, gc=False):
    """A dwelling with its lines and an honest price per square metre."""

    lines: tuple[Line, ...]
    surface_m2: int
    eur_m2: int


def home(plan: Plan, index: int, draw: Random) -> Home:
    """A flat or a house, in the proportion of the town."""
    if draw.random() < plan.town.flats:
        return flat(plan, index, draw)
    return house(plan, index, draw)


def house(plan: Plan, index: int, draw: Random) -> Home:
    """A house; with a garden its lines are locals times cultures."""
    door = plan.house_door(index)
    chance = draw.random
    surface = 62 + int(95 * chance() + 60 * chance() ** 3)
    cultures = [(SOIL, 120 + int(700 * chance()))]
    if chance() < 0.3:  # noqa: PLR2004  three in ten have a garden of its own
        cultures.append((_garden(chance), 80 + int(900 * chance())))
    lines = [
        _land(door, HOUSE, c, m2, surface=surface, rooms=2 + surface // 28) for c, m2 in cultures
    ]
    if chance() < 0.45:  # noqa: PLR2004  as in the real files of the Ain
        lines += [_land(door, OUTBUILDING, c, m2) for c, m2 in cultures]
    return Home(tuple(lines), surface, plan.town.house_eur_m2)


def second_parcel(door: Door, chance: Chance) -> Line:
    """The field beside the house: a land line on another parcel."""
    parcel = f"{door.parcel[:10]}{int(door.parcel[10:]) + _SECOND_PARCEL:04d}"
    land_m2 = 150 + int(1200 * chance())
    return Line(door, NO_LOCAL, culture=GROUNDS, land_m2=land_m2, parcel=parcel)


def flat(plan: Plan, index: int, draw: Random, *, lot_shift: int = 0) -> Home:
    """A flat with its lot, perhaps a cellar and a garage."""
    door, place = plan.building_door(index)
    chance = draw.random
    surface = 18 + int(62 * chance() + 45 * chance() ** 3)
    carrez = (100 * surface + int(100 * chance())) / 100 if chance() < 0.55 else 0.0  # noqa: PLR2004
    lot = LOTS_A_FLAT * place + 1 + lot_shift
    lots = [(str(lot), carrez)]
    if chance() < 0.4:  # noqa: PLR2004  a cellar sold on the flat's own line
        lots.append((str(lot + 1), 0.0))
    lines = [Line(door, FLAT, surface, 1 + surface // 22, tuple(lots))]
    if chance() < 0.35:  # noqa: PLR2004  a garage on a line of its own
        lines.append(Line(door, OUTBUILDING, lots=((str(lot + 2), 0.0),)))
        if chance() < 0.5:  # noqa: PLR2004  the garage comes first: an address trap
            lines.reverse()
    return Home(tuple(lines), surface, plan.town.flat_eur_m2)


def _garden(chance: Chance) -> Culture:
    return GARDEN if chance() < 0.5 else GROUNDS  # noqa: PLR2004  either


def _land(
    door: Door, local: str, culture: Culture, land_m2: int, *, surface: int = 0, rooms: int = 0
) -> Line:
    return Line(door, local, surface, rooms, (), culture, land_m2)
