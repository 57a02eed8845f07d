"""The tax authority's own files: a year of all towns in the raw layout, plain or zipped."""

import io
import zipfile
from typing import Final

from deploy.simulator.deeds import NO_LOCAL, Deed, Line
from deploy.simulator.doors import Door
from deploy.simulator.layout import LOCALS
from deploy.simulator.towns import TOWNS, Town, sells_in
from deploy.simulator.year import deeds

_LOTS: Final = ("1er", "2eme", "3eme", "4eme", "5eme")
_RENAMED_IN: Final = "2022"
_WITHHELD: Final = "|||||||"  # document, reference, five articles of the tax code
_MADE_ON: Final = (2026, 10, 13, 8, 0, 0)
HEADER: Final = "|".join(
    (
        "Identifiant de document",
        "Reference document",
        *(f"{number} Articles CGI" for number in range(1, 6)),
        "No disposition",
        "Date mutation",
        "Nature mutation",
        "Valeur fonciere",
        "No voie",
        "B/T/Q",
        "Type de voie",
        "Code voie",
        "Voie",
        "Code postal",
        "Commune",
        "Code departement",
        "Code commune",
        "Prefixe de section",
        "Section",
        "No plan",
        "No Volume",
        *(name for lot in _LOTS for name in (f"{lot} lot", f"Surface Carrez du {lot} lot")),
        "Nombre de lots",
        "Code type local",
        "Type local",
        "Identifiant local",
        "Surface reelle bati",
        "Nombre pieces principales",
        "Nature culture",
        "Nature culture speciale",
        "Surface terrain",
    )
)


def generate_raw(year: int, seed: int, edition: str) -> str:
    """The file of a year as an edition (`202404`) has it: header, then every town's lines."""
    header = HEADER
    if edition < _RENAMED_IN:
        header = header.replace("Identifiant de document", "Code service CH")
    return "".join((f"{header}\n", *(_town(insee, year, seed) for insee in sorted(TOWNS))))


def packed(text: str, member: str) -> bytes:
    """A zip of one file, the same bytes every time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            zipfile.ZipInfo(member, _MADE_ON), text, zipfile.ZIP_DEFLATED, compresslevel=6
        )
    return content.getvalue()


def _town(insee: str, year: int, seed: int) -> str:
    if not sells_in(insee, year):
        return ""
    town = TOWNS[insee]
    made = deeds(insee, year, seed=seed)
    return "".join(f"{_row(town, deed, line)}\n" for deed in made for line in deed.lines)


def _row(town: Town, deed: Deed, line: Line) -> str:
    day = "/".join(reversed(deed.signed_on.split("-")))
    price = "" if deed.price is None else _decimal(deed.price)
    head = f"{_WITHHELD}{deed.disposition:06d}|{day}|{deed.nature}|{price}"
    return f"{head}|{_where(town, line)}|{_what(line)}"


def _where(town: Town, line: Line) -> str:
    """Codes without their leading zeros, a parcel in its three parts."""
    door, parcel = line.door, line.parcel or line.door.parcel
    commune = town.insee[len(town.department) :].lstrip("0")
    parts = "|".join(part.lstrip("0") for part in (parcel[5:8], parcel[8:10], parcel[10:]))
    return (
        f"{door.number}|{door.suffix}|{_street(door)}|{door.postal_code.lstrip('0')}"
        f"|{town.name.upper()}|{town.department}|{commune}|{parts}|"
    )


def _street(door: Door) -> str:
    """Type of way, code, name: a hamlet has no type."""
    way, _, name = door.street.partition(" ") if door.typed else ("", "", door.street)
    return f"{way}|{door.street_code}|{name}"


def _what(line: Line) -> str:
    lots = [*line.lots, *[("", 0.0)] * (len(_LOTS) - len(line.lots))]
    pairs = "|".join(f"{lot}|{_decimal(area) if area else ''}" for lot, area in lots)
    sizes = "|" if line.local == NO_LOCAL else f"{line.surface_m2}|{line.rooms}"
    land = line.land_m2 or ""
    culture = f"{line.culture.code}|{line.culture.special_code}"
    return f"{pairs}|{len(line.lots)}|{line.local}|{LOCALS[line.local]}||{sizes}|{culture}|{land}"


def _decimal(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")
