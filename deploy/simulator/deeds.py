"""Deeds: what is sold in one year of one town, line by line, and what a reader must make of it."""

from typing import Final

import msgspec

from deploy.simulator.doors import Door

HOUSE, FLAT, OUTBUILDING, BUSINESS, NO_LOCAL = "1", "2", "3", "4", ""

SALE: Final = "Vente"
OFF_PLAN: Final = "Vente en l'état futur d'achèvement"
BUILDING_LAND: Final = "Vente terrain à bâtir"
AUCTION: Final = "Adjudication"
EXCHANGE: Final = "Echange"
EXPROPRIATION: Final = "Expropriation"


class Culture(msgspec.Struct, frozen=True, gc=False):
    """A tax category of land, as the four columns have it."""

    code: str
    name: str
    special_code: str = ""
    special_name: str = ""


NONE: Final = Culture("", "")
SOIL: Final = Culture("S", "sols")
GARDEN: Final = Culture("J", "jardins", "POTAG", "Jardin potager")
GROUNDS: Final = Culture("AG", "terrains d'agrément")
MEADOW: Final = Culture("P", "prés")
WOOD: Final = Culture("BT", "taillis simples")
PLOT: Final = Culture("AB", "terrains a bâtir")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of the file: a local, or land, of one deed."""

    door: Door
    local: str
    surface_m2: int = 0
    rooms: int = 0
    lots: tuple[tuple[str, float], ...] = ()  # number, and Carrez area or 0
    culture: Culture = NONE
    land_m2: int = 0
    parcel: str = ""  # when it is not the door's own


class Deed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One group of lines: a disposition with its price."""

    signed_on: str
    price: float | None
    lines: tuple[Line, ...]
    nature: str = SALE
    disposition: int = 1
    trait: str = "ordinary"  # why it is there: see traits
