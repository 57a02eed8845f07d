"""A place: a commune of today or an arrondissement of Paris, Lyon or Marseille."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal
from unicodedata import combining, normalize
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

COMMUNE: Final = "commune-actuelle"
ARRONDISSEMENT: Final = "arrondissement-municipal"
_ABSORBED: Final = frozenset({"commune-deleguee", "commune-associee"})

RefusalCode = Literal["livre_foncier", "not_published"]
_LIVRE_FONCIER: Final = frozenset({"57", "67", "68"})
_OVERSEAS_PUBLISHED: Final = frozenset({"971", "972", "973", "974"})
_OVERSEAS_LENGTH: Final = 3  # digits of a department code beyond the mainland and Corsica
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})
_NOT_SEARCHED: Final = re.compile(r"[^a-z0-9]+")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a list of communes, whichever form the list has."""

    code: str
    name: str
    type: str
    postal_codes: tuple[str, ...]
    department_code: str
    department: str
    region: str
    population: int = 0
    parent_code: str | None = None
    former_codes: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a client can choose, or is told why not."""

    insee_code: str
    city_id: UUID
    name: str
    postal_codes: tuple[str, ...]
    department_code: str
    department: str
    region: str
    population: int
    former_codes: tuple[str, ...]
    parent_code: str | None  # of an arrondissement
    expands_to: tuple[str, ...]  # the codes under which its sales are filed
    search: str
    latitude: float | None
    longitude: float | None
    refusal_code: RefusalCode | None
    refusal: str | None  # the same for the French user

    @property
    def covered(self) -> bool:
        return self.refusal_code is None


def places_of(listed: Iterable[Listed]) -> list[Place]:
    """Every inhabited commune of today and every arrondissement, by code."""
    entries = list(listed)
    parts: dict[str, list[str]] = defaultdict(list)
    absorbed: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.parent_code and entry.type == ARRONDISSEMENT:
            parts[entry.parent_code].append(entry.code)
        if entry.parent_code and entry.type in _ABSORBED:
            absorbed[entry.parent_code].append(entry.code)
    return [
        _place(entry, parts[entry.code], absorbed[entry.code])
        for entry in sorted(entries, key=lambda entry: entry.code)
        if entry.type in {COMMUNE, ARRONDISSEMENT} and entry.postal_codes
    ]


def former_codes(places: Sequence[Place]) -> Mapping[str, str]:
    """Today's code for each code of a commune that has merged; a code in use stays itself."""
    today = {place.insee_code for place in places}
    return {
        old: place.insee_code for place in places for old in place.former_codes if old not in today
    }


def city_id(insee_code: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://id.insee.fr/geo/commune/{insee_code}")


def folded(text: str) -> str:
    """Lower case without accents, words parted by single spaces: what a search compares."""
    plain = normalize("NFD", text.lower().translate(_LIGATURES))
    letters = "".join(letter for letter in plain if not combining(letter))
    return _NOT_SEARCHED.sub(" ", letters).strip()


def _place(entry: Listed, parts: Sequence[str], absorbed: Sequence[str]) -> Place:
    code = refusal_code(entry.department_code)
    return Place(
        insee_code=entry.code,
        city_id=city_id(entry.code),
        name=entry.name,
        postal_codes=entry.postal_codes,
        department_code=entry.department_code,
        department=entry.department,
        region=entry.region,
        population=entry.population,
        former_codes=tuple(sorted({*entry.former_codes, *absorbed} - {entry.code})),
        parent_code=entry.parent_code,
        expands_to=tuple(sorted(parts)) or (entry.code,),
        search=" ".join((folded(entry.name), *entry.postal_codes, entry.code.lower())),
        latitude=entry.latitude,
        longitude=entry.longitude,
        refusal_code=code,
        refusal=_refusal(code, entry.department),
    )


def refusal_code(department_code: str) -> RefusalCode | None:
    """Why the state does not publish the sales of a department; none when it does."""
    if department_code in _LIVRE_FONCIER:
        return "livre_foncier"
    overseas = len(department_code) == _OVERSEAS_LENGTH
    return "not_published" if overseas and department_code not in _OVERSEAS_PUBLISHED else None


def _refusal(code: RefusalCode | None, department: str) -> str | None:
    match code:
        case "livre_foncier":
            return (
                "Les ventes de la Moselle, du Bas-Rhin et du Haut-Rhin sont inscrites"
                " au livre foncier : l'État ne les publie pas."
            )
        case "not_published":
            return f"L'État ne publie pas les ventes de ce territoire ({department})."
        case None:
            return None
