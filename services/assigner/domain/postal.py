"""An address as one writes it on an envelope, from the land registry's line or a street's own name.

`12 B RUE DE LA REPUBLIQUE` becomes `12 bis rue de la République`. The postcode is text that nobody
touches. What the registry's capitals hide and our words do not know stays as it was said.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from services.assigner.domain.spelling import ACCENTED, ROMAN, SMALL, TITLES, WAYS, folded

_SUFFIXES: Final = {"B": "bis", "T": "ter", "Q": "quater"}
_LINE: Final = re.compile(r"(?P<number>\d+)(?:\s+(?P<suffix>[A-Za-z])(?=\s))?\s+(?P<street>.+)")
_ELISION: Final = re.compile(r"\b([DL])['’]\s*", re.IGNORECASE)
_ORDINAL: Final = re.compile(r"(\d+)(ER|ERE|E|EME|NDE?)")
_DISTRICT: Final = re.compile(r" \d+(er|e|ème) arrondissement$", re.IGNORECASE)
_VOWELS: Final = frozenset("AEIOUYH")
_GREAT_STREET: Final = ("GRANDE RUE", "GDE RUE", "GRANDE-RUE", "GRAND RUE")


class Line(msgspec.Struct, frozen=True):
    """The parts of a printable line of the land registry; each may be blank."""

    number: str
    suffix: str
    street: str


def read_line(address: str) -> Line:
    """What a line says, its blanks put right."""
    if not address.isprintable():
        address = "".join(c if c.isprintable() else " " for c in address)
    tidy = " ".join(address.split())
    found = _LINE.fullmatch(tidy)
    if not found:
        return Line("", "", tidy)
    suffix, street = (found["suffix"] or "").upper(), found["street"]
    if suffix and _begins_the_street(suffix, street):
        return Line(found["number"], "", f"{suffix} {street}")
    return Line(found["number"], suffix, street)


def printed_address(door: str, postal_code: str, city: str) -> str:
    """One line for an envelope."""
    place = " ".join(part for part in (postal_code, printed_city(city)) if part)
    return ", ".join(part for part in (door, place) if part)


def printed_door(number: str, suffix: str, street: str) -> str:
    """Number, suffix and street, each spelled already."""
    return " ".join(part for part in (number, suffix, street) if part)


def printed_suffix(letter: str) -> str:
    """`bis` for the registry's `B`; a letter that stands for itself stays."""
    return _SUFFIXES.get(letter, letter)


def printed_city(name: str) -> str:
    """A place as the post prints it: arrondissements are told by their postcodes."""
    return _DISTRICT.sub("", name)


@lru_cache(maxsize=8192)  # a town's homes share its streets
def printed_street(street: str) -> str:
    """A street of the land registry with its words spelled out, small where French has them small."""
    words = _ELISION.sub(r"\1 ", street).replace("ST-", "ST ").split()
    way, rest = _way(words)
    spelled = _joined([_word(rest, at, after_way=bool(way)) for at in range(len(rest))])
    if not way:
        spelled = spelled[:1].upper() + spelled[1:]
    return " ".join(part for part in (way, spelled) if part)


def _begins_the_street(letter: str, street: str) -> bool:
    """Whether the letter after a number is a word of a place's name: `5 L EGLISE`, `3 A LA CROIX`."""
    first = folded(street.split(maxsplit=1)[0])
    if letter == "A":
        return first in {"L", "LA"}
    return letter in "DL" and first not in WAYS and first[0] in _VOWELS


def _way(words: Sequence[str]) -> tuple[str, list[str]]:
    """What kind of way it is, spelled out, and the words of its name."""
    if not words:
        return "", []
    first, rest = folded(words[0]), list(words[1:])
    if first == "GR":
        doubled = next((one for one in _GREAT_STREET if _starts(rest, one)), "")
        return "Grande Rue", rest[len(doubled.split()) :]
    return (WAYS[first], rest) if first in WAYS else ("", list(words))


def _starts(words: Sequence[str], beginning: str) -> bool:
    return folded(" ".join([*words, ""])).startswith(f"{beginning} ")


def _word(words: Sequence[str], at: int, *, after_way: bool) -> str:
    """One word as it is written at its place, with what joins it to the next, if not a blank."""
    word, following = words[at], folded(words[at + 1]) if at + 1 < len(words) else ""
    plain = folded(word)
    if plain in {"D", "L"} and following and following[0] in _VOWELS:
        return f"{plain.lower()}'"
    if word != word.upper():  # somebody has spelled it already
        return word
    if plain in SMALL:
        return _small(plain, following, leads=at == 0 and after_way)
    if plain in TITLES and not (plain == "COL" and following in {"", *SMALL}):
        title = TITLES[plain]
        return f"{title}-" if title.startswith("Saint") and following else title
    if plain in {"SAINT", "SAINTE"} and following:
        return f"{plain.capitalize()}-"
    return "Notre-" if (plain, following) == ("NOTRE", "DAME") else _name(word, plain)


def _small(plain: str, following: str, *, leads: bool) -> str:
    """`rue La Fontaine` and `lotissement Les Mimosas`: an article without a preposition is a name's."""
    if plain == "A":
        initial = leads and following not in {"L", "LA"}
        return "A" if initial else "à"
    return plain.capitalize() if leads and plain in {"LA", "LE", "LES"} else plain.lower()


def _name(word: str, plain: str) -> str:
    if plain in ROMAN:
        return plain
    if ordinal := _ORDINAL.fullmatch(plain):
        number = ordinal[1]
        first = {"ER": "er", "ERE": "re"}.get(ordinal[2], "er") if number == "1" else "e"
        return f"{number}{first}"
    return re.sub(r"[^\W\d_]+", lambda part: _cased(part[0]), word)


def _cased(part: str) -> str:
    return ACCENTED.get(folded(part)) or part[:1] + part[1:].lower()


def _joined(words: Sequence[str]) -> str:
    """The words with a blank between them, but after an apostrophe or a hyphen."""
    return re.sub(r"(?<=['-]) ", "", " ".join(words))
