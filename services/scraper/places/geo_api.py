"""The API Géo: what to ask for, and its answer."""

from typing import Final

import msgspec

from services.scraper.places.place import ARRONDISSEMENT, COMMUNE, Listed

# Without `type` the API leaves the arrondissements out.
QUERY: Final = {
    "type": f"{COMMUNE},{ARRONDISSEMENT}",
    "fields": (
        "nom,code,type,codeParent,codesPostaux,codeDepartement,departement,region,population,"
        "anciensCodes,centre"
    ),
}


class _Named(msgspec.Struct, frozen=True):
    nom: str = ""


class _Point(msgspec.Struct, frozen=True):
    coordinates: tuple[float, float]  # longitude, latitude


class _Commune(msgspec.Struct, frozen=True, rename="camel"):
    nom: str
    code: str
    type: str | None = None
    code_parent: str | None = None
    chef_lieu: str | None = None  # the parent of a commune that another has absorbed
    codes_postaux: tuple[str, ...] = ()
    code_departement: str = ""
    departement: _Named = _Named()
    region: _Named = _Named()
    population: int | None = None
    anciens_codes: tuple[str, ...] | None = None
    centre: _Point | None = None


def read_answer(content: bytes) -> list[Listed]:
    """The entries of an answer; `ValueError` says what is wrong with it."""
    return [_listed(commune) for commune in msgspec.json.decode(content, type=list[_Commune])]


def _listed(commune: _Commune) -> Listed:
    longitude, latitude = commune.centre.coordinates if commune.centre else (None, None)
    return Listed(
        code=commune.code,
        name=commune.nom,
        type=commune.type or (ARRONDISSEMENT if commune.code_parent else COMMUNE),
        postal_codes=commune.codes_postaux,
        department_code=commune.code_departement,
        department=commune.departement.nom,
        region=commune.region.nom,
        population=commune.population or 0,
        parent_code=commune.code_parent or commune.chef_lieu,
        former_codes=commune.anciens_codes or (),
        latitude=latitude,
        longitude=longitude,
    )
