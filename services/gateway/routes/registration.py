"""What a registration says, and the cities that it names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Meta

from libs.common.postgres import Connection
from services.gateway.repository import cities
from services.gateway.repository.cities import Place
from services.gateway.routes.body import Body, Check, pointer
from services.gateway.routes.problems import Fault, invalid, unavailable
from services.gateway.routes.values import (
    mail_address,
    printable,
    telephone_number,
    without_repeats,
)

Subscription = Literal["decouverte", "pro", "entreprise"]
PropertyType = Literal["house", "apartment", "land", "commercial", "other"]
Name = Annotated[str, Meta(min_length=1, max_length=100)]

INSEE_CODE: Final = re.compile(r"[0-9][0-9AB][0-9]{3}")


class Registration(Body, frozen=True, kw_only=True):
    """A client to be."""

    first_name: Annotated[Name, Meta(examples=["Camille"])]
    last_name: Annotated[Name, Meta(examples=["Durand"])]
    email: Annotated[str, Meta(max_length=254, examples=["camille.durand@agence.example"])]
    telephone: Annotated[str, Meta(max_length=30)] | None = None
    company_name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    locale: Literal["fr", "en"] = "fr"
    subscription_type: Subscription
    status: Literal["active", "pending"] = "active"
    send_day: Annotated[
        int, Meta(ge=1, le=31, description="In a shorter month: its last day", examples=[15])
    ]
    addresses_per_report: Annotated[int, Meta(ge=1, le=1000)] | None = None
    chosen_cities: Annotated[
        list[str],
        Meta(
            min_length=1,
            max_length=500,
            description="INSEE codes or city_ids",
            examples=[["01053"]],
        ),
    ]
    property_type_preferences: Annotated[
        list[PropertyType], Meta(min_length=1, examples=[["house", "apartment"]])
    ]

    checks: ClassVar[Mapping[str, Check]] = {
        "first_name": printable,
        "last_name": printable,
        "email": mail_address,
        "telephone": telephone_number,
        "company_name": printable,
        "property_type_preferences": without_repeats,
    }


def city_id(insee_code: str) -> UUID:
    """The id of a city, derived from its INSEE code."""
    return uuid5(NAMESPACE_URL, f"https://id.insee.fr/geo/commune/{insee_code}")


async def resolve(connection: Connection, chosen: Sequence[str]) -> list[str]:
    """The INSEE codes of the chosen cities in their order, or a refusal that names the wrong ones."""
    keys = [_key(entry) for entry in chosen]
    found = await cities.named(
        connection,
        [key for key in keys if isinstance(key, str)],
        [key for key in keys if isinstance(key, UUID)],
    )
    if not found and not await cities.are_known(connection):
        raise unavailable("The list of cities is not loaded yet; try again in a moment")
    places = {key: place for place in found for key in (place.insee_code, place.city_id)}
    named = [places.get(key) if key else None for key in keys]
    faults = tuple(_faults(chosen, named))
    if faults:
        raise invalid(*faults)
    return [_today(place) for place in named if place]


def _today(place: Place) -> str:
    """The code to keep: that of the commune into which the chosen one has merged, else its own."""
    return place.expands_to[0] if len(place.expands_to) == 1 else place.insee_code


def _key(entry: str) -> str | UUID | None:
    code = entry.strip().upper()
    if INSEE_CODE.fullmatch(code):
        return code
    try:
        return UUID(code)
    except ValueError:
        return None


def _faults(chosen: Sequence[str], named: Sequence[Place | None]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, (entry, place) in enumerate(zip(chosen, named, strict=True)):
        wrong = _wrong(entry, place, seen)
        if wrong:
            yield Fault(pointer=pointer("chosen_cities", str(number)), detail=wrong)


def _wrong(entry: str, place: Place | None, seen: set[str]) -> str | None:
    if place is None:
        return f"Unknown city {entry[:60]!r}: give an INSEE code or a city_id of /api/cities"
    if not place.covered:
        return f"{place.name} ({place.insee_code}) is not covered: {place.reason}"
    if not seen.isdisjoint(place.expands_to):
        return (
            f"{place.name} ({place.insee_code}) is chosen twice, by itself or within another city"
        )
    seen.update(place.expands_to)
    return None
