"""Where a delivered home stands: what the geocoder is asked, and when its answer is believed.

An answer is believed when it names a house number of the same commune, of the same street, with a
score of at least 0.7, not further than 300 m from the parcel where that is known. Where the street
is named otherwise, the point alone is believed, and only beside a known parcel. Otherwise the home
keeps what its sale says.
"""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from services.assigner.domain.postal import (
    Line,
    printed_address,
    printed_city,
    printed_door,
    printed_street,
    printed_suffix,
    read_line,
)
from services.assigner.domain.spelling import APART, SMALL, WAYS, folded

LEAST_SCORE: Final = 0.7
FURTHEST_METRES: Final = 300.0
_METRES_A_DEGREE: Final = 111_320.0
_NUMBER: Final = re.compile(r"0*(\d+)\s*([A-Za-z]*)")
_WORD: Final = re.compile(r"[A-Z0-9]+")


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered home as its sale describes it; the point is the parcel's, if it is known."""

    job_id: UUID
    client_id: UUID
    home_key: str
    address: str
    postal_code: str
    city_name: str
    insee_code: str
    latitude: float | None = None
    longitude: float | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what the geocoder is asked; the point favours what lies near it."""

    address: str
    city: str
    insee_code: str
    latitude: float | None
    longitude: float | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the geocoder says to one question; an answer without a point is none."""

    kind: str
    score: float
    house_number: str
    street: str
    city_codes: tuple[str, ...]
    """Today's commune, and the former one that it has absorbed."""
    latitude: float
    longitude: float


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A door as it is written, and where it stands; `score` says how sure the geocoder is."""

    door: str
    latitude: float
    longitude: float
    score: float


def questions(home: Home) -> list[Question]:
    """What to ask for a home: nothing without a number, and twice where `B` may be `bis` or `B`."""
    line = read_line(home.address)
    if not line.number:
        return []
    doors = [_door(line)]
    if line.suffix == "B":
        doors.append(printed_door(line.number, "B", printed_street(line.street)))
    return [
        Question(
            address=door,
            city=printed_city(home.city_name),
            insee_code=home.insee_code,
            latitude=home.latitude,
            longitude=home.longitude,
        )
        for door in doors
    ]


def position(home: Home, answers: Iterable[Answer | None]) -> Position | None:
    """What the best believed answer about a home says; the spelled suffix counts before the score."""
    line = read_line(home.address)
    spelled = printed_suffix(line.suffix)
    believed = [
        (suffix == spelled, answer.score, suffix or spelled, answer)
        for answer in answers
        if answer is not None and (suffix := _suffix(line, home, answer)) is not None
    ]
    if not believed:
        return None
    _, score, suffix, answer = max(believed, key=lambda one: one[:2])
    named = answer.street if _same_street(line.street, answer.street) else line.street
    return Position(
        door=printed_door(line.number, suffix, printed_street(named)),
        latitude=answer.latitude,
        longitude=answer.longitude,
        score=score,
    )


def printed(home: Home, found: Position | None) -> str:
    """The home's address for an envelope."""
    door = found.door if found else _door(read_line(home.address))
    return printed_address(door, home.postal_code, home.city_name)


def _door(line: Line) -> str:
    return printed_door(line.number, printed_suffix(line.suffix), printed_street(line.street))


def _suffix(line: Line, home: Home, answer: Answer) -> str | None:
    """The spelled suffix of an answer that is believed, blank where it has none; else nothing."""
    number = _NUMBER.fullmatch(answer.house_number)
    if (
        number is None
        or number[1] != line.number.lstrip("0")
        or answer.kind != "housenumber"
        or not LEAST_SCORE <= answer.score <= 1
        or home.insee_code not in answer.city_codes
        or not _is_there(line, home, answer)
    ):
        return None
    suffix = number[2].lower()
    if suffix not in {"", line.suffix.lower(), printed_suffix(line.suffix)}:
        return None  # the door beside
    return suffix.upper() if len(suffix) == 1 else suffix


def _is_there(line: Line, home: Home, answer: Answer) -> bool:
    """Beside the parcel; where that has no point, at least in a street of this name."""
    away = _metres(home, answer)
    if away is None:
        return _same_street(line.street, answer.street)
    return away <= FURTHEST_METRES


def _same_street(ours: str, theirs: str) -> bool:
    """Whether both name one street, the one at most with more before the name: `rue Nodet`, of a doctor.

    Not what tells neighbours apart: `chemin du Moulin` is neither `du Vieux Moulin` nor `du Moulin
    Neuf`, though both may have the same number beside the same parcel.
    """
    less, more = sorted((_words(printed_street(ours)), _words(theirs)), key=len)
    names, beside = set(less) - WAYS.keys(), set(more) - set(less)
    is_fuller = set(less) <= set(more) and less[-1:] == more[-1:] and not beside & APART
    return is_fuller and bool(names)


@lru_cache(maxsize=8192)
def _words(street: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(folded(street)) if word not in SMALL)


def _metres(home: Home, answer: Answer) -> float | None:
    """From the parcel to the answer's point; nothing where the parcel has none."""
    if home.latitude is None or home.longitude is None:
        return None
    north = (answer.latitude - home.latitude) * _METRES_A_DEGREE
    narrowing = math.cos(math.radians(home.latitude))
    east = (answer.longitude - home.longitude) * _METRES_A_DEGREE * narrowing
    return math.hypot(north, east)
