"""What a job asks for, in which window of time, and what was chosen for it."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import zip_longest
from typing import Final, Literal
from uuid import UUID

import msgspec

KINDS: Final[Mapping[str, str]] = {
    "house": "maisons",
    "apartment": "appartements",
    "land": "terrains",
    "commercial": "locaux professionnels",
    "other": "autres biens",
}


class Ages(msgspec.Struct, frozen=True):
    """How many calendar years ago a home must have been sold."""

    least: int
    most: int


Strategy = Literal["weighted", "monthly"]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """By what an assigner chooses, and for how long a door is its client's alone (0: it is not)."""

    strategy: Strategy = "weighted"
    exclusivity_months: int = 0
    ages: Ages


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a job asks for, as the choosing statement reads it."""

    job_id: UUID
    client_id: UUID
    requested: int
    as_of: date
    seed: int
    cities: tuple[str, ...]
    kinds: tuple[str, ...]
    sold_from: date
    sold_until: date
    tried: tuple[str, ...]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen for a job, for good; `address_ids` are in the order of the mail."""

    job_id: UUID
    requested: int
    found: int
    cities: tuple[str, ...]
    tried: tuple[str, ...]
    address_ids: tuple[UUID, ...]


def window(as_of: date, ages: Ages) -> tuple[date, date]:
    """The first and the last day of sale that count on this day."""
    return years_before(as_of, ages.most), years_before(as_of, ages.least)


def years_before(day: date, years: int) -> date:
    """The same day some calendar years ago; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def address_id(home_key: str) -> UUID:
    """The public id of a door."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:trackimmo:home:{home_key}")


def tried(
    as_of: date, ages: Ages, cities: Iterable[str], kinds: Iterable[str], notes: Iterable[str]
) -> tuple[str, ...]:
    """What was looked for, in sentences for the mail to the CTO, which is French."""
    first, last = window(as_of, ages)
    return (
        f"Ventes du {first:%d/%m/%Y} au {last:%d/%m/%Y} ({ages.least} à {ages.most} ans)",
        f"Communes : {', '.join(cities)}",
        f"Biens : {', '.join(KINDS.get(kind, kind) for kind in kinds)}",
        *notes,
    )


def rounds(requests: Iterable[Request]) -> Iterator[list[Request]]:
    """The requests in rounds without a client twice, in order for each client.

    One statement sees one state of the stock: two jobs of a client in it would draw the same door.
    """
    by_client: dict[UUID, list[Request]] = {}
    for request in requests:
        by_client.setdefault(request.client_id, []).append(request)
    for once_each in zip_longest(*by_client.values()):
        yield [request for request in once_each if request is not None]
