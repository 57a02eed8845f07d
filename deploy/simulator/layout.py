"""The two dialects of geo-DVF files, as text."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from struct import pack, unpack
from typing import Final, Literal
from unicodedata import normalize

import msgspec

from deploy.simulator.deeds import Deed, Line
from deploy.simulator.doors import Door
from deploy.simulator.towns import Town

Dialect = Literal["classic", "2026"]
DIALECTS: Final[tuple[Dialect, ...]] = ("classic", "2026")

# After one lot, four pairs of empty fields follow; without any, nothing stands before the first.
_UNUSED_LOTS: Final = (",,,,,,,,,,", ",,,,,,,,,", ",,,,,,,", ",,,,,", ",,,", ",")
COLUMNS: Final = [
    "id_mutation",
    "date_mutation",
    "numero_disposition",
    "nature_mutation",
    "valeur_fonciere",
    "adresse_numero",
    "adresse_suffixe",
    "adresse_nom_voie",
    "adresse_code_voie",
    "code_postal",
    "code_commune",
    "nom_commune",
    "code_departement",
    "ancien_code_commune",
    "ancien_nom_commune",
    "id_parcelle",
    "ancien_id_parcelle",
    "numero_volume",
    "lot1_numero",
    "lot1_surface_carrez",
    "lot2_numero",
    "lot2_surface_carrez",
    "lot3_numero",
    "lot3_surface_carrez",
    "lot4_numero",
    "lot4_surface_carrez",
    "lot5_numero",
    "lot5_surface_carrez",
    "nombre_lots",
    "code_type_local",
    "type_local",
    "surface_reelle_bati",
    "nombre_pieces_principales",
    "code_nature_culture",
    "nature_culture",
    "code_nature_culture_speciale",
    "nature_culture_speciale",
    "surface_terrain",
    "longitude",
    "latitude",
]
HEADER: Final = ",".join(COLUMNS) + "\n"
LOCALS: Final = {
    "1": "Maison",
    "2": "Appartement",
    "3": "Dépendance",
    "4": "Local industriel. commercial ou assimilé",
    "": "",
}


def render(town: Town, year: int, deeds: list[Deed], dialect: Dialect) -> str:
    """The file of a town and year, header included."""
    if dialect == "2026":
        return HEADER + "".join(_lines(town, year, sorted(deeds, key=_date_and_price), REWRITE))
    return HEADER + "".join(_lines(town, year, deeds, CLASSIC))


class Style(msgspec.Struct, frozen=True):
    """Where the dialects differ."""

    number: Callable[[float], str]
    area: Callable[[float], str]  # of a lot
    surface: Callable[[Line], str]
    place: Callable[[Town, Door], str]  # commune, name, department, former code, former name
    street: Callable[[Door], str]


def _lines(town: Town, year: int, deeds: list[Deed], style: Style) -> Iterator[str]:
    for number, (_, same) in enumerate(groupby(deeds, key=_date_and_price), 1):
        for deed in same:
            price = "" if deed.price is None else style.number(deed.price)
            head = f"{year}-{number},{deed.signed_on},{deed.disposition:06d},{deed.nature},{price}"
            for line in deed.lines:
                yield f"{head},{_where(town, line, style)},{_what(line, style)}\n"


def _where(town: Town, line: Line, style: Style) -> str:
    door = line.door
    return (
        f"{door.number},{door.suffix},{style.street(door)},{door.street_code},"
        f"{door.postal_code},{style.place(town, door)},{line.parcel or door.parcel},,"
    )


def _what(line: Line, style: Style) -> str:
    door, culture = line.door, line.culture
    land = style.number(line.land_m2) if line.land_m2 else ""
    ground = f"{culture.code},{culture.name},{culture.special_code},{culture.special_name}"
    return (
        f"{_lots(line, style)},{line.local},{LOCALS[line.local]},{style.surface(line)},"
        f"{line.rooms if line.local else ''},{ground},{land},{door.longitude},{door.latitude}"
    )


def _lots(line: Line, style: Style) -> str:
    """Five pairs of lot and Carrez area, then how many lots there are."""
    pairs = [f"{lot},{style.area(area) if area else ''}" for lot, area in line.lots]
    return f"{','.join(pairs)}{_UNUSED_LOTS[len(pairs)]}{len(pairs)}"


def _date_and_price(deed: Deed) -> tuple[str, float]:
    return deed.signed_on, -1 if deed.price is None else deed.price


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _single_precision(number: float) -> str:
    """As the rewrite prints a 32-bit float: nine digits, so 39.52 becomes 39.5200005."""
    text = f"{unpack('f', pack('f', number))[0]:.9g}"
    return text if "." in text else f"{text}.0"


def _classic_surface(line: Line) -> str:
    return str(line.surface_m2) if line.surface_m2 else ""


def _rewrite_surface(line: Line) -> str:
    """An outbuilding's missing area becomes 0.0; land has none."""
    return f"{line.surface_m2}.0" if line.local else ""


def _classic_place(town: Town, door: Door) -> str:
    """Today's commune, and the former one where it has merged."""
    return f"{town.insee},{town.name},{town.department},{door.former_code},{door.former_name}"


def _rewrite_place(town: Town, door: Door) -> str:
    """The commune of the deed, not moved to today's, its name without accents."""
    return f"{door.former_code or town.insee},{_titled(door.former_name or town.name)},{town.department},,"


@lru_cache
def _titled(name: str) -> str:
    return "".join(c for c in normalize("NFD", name) if c.isascii()).title()


CLASSIC: Final = Style(_plain, _plain, _classic_surface, _classic_place, lambda door: door.street)
REWRITE: Final = Style(
    lambda number: str(float(number)),
    _single_precision,
    _rewrite_surface,
    _rewrite_place,
    lambda door: door.street if door.typed else "",
)
