"""The homes of a client as its page words them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import quote

import msgspec

from services.gateway.pages.wording import Language

Row = Mapping[str, Any]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says of a home."""

    id: str
    street: str
    town: str
    kind: str
    facts: str
    sale: str
    per_m2: str
    estimate: str
    basis: str
    status: str
    notes: str
    contact_date: date | None
    follow_up: date | None
    is_due: bool
    since: str
    """When it was last changed, for whoever would take that back; nothing if never."""
    directions: str
    """Where the way there is shown; another origin."""
    geo: str
    """The same for an app of the phone, where it is known at which door."""
    month: date


def card(row: Row, say: Language, today: date) -> Card:
    """A home in words."""
    street, town = _lines(row)
    due = row["follow_up"] is not None and row["follow_up"] <= today
    return Card(
        id=str(row["address_id"]),
        street=street,
        town=town,
        kind=row["property_type"],
        facts=" · ".join(_facts(row, say)),
        sale=say.told("sold_on", price=say.price(row["price"]), day=say.day(row["sale_date"])),
        per_m2=_per_m2(row, say),
        estimate=_estimate(row, say),
        basis=_basis(row, say),
        status=row["follow_status"],
        notes=row["notes"] or "",
        contact_date=row["contact_date"],
        follow_up=row["follow_up"],
        is_due=due and row["follow_status"] != "sold",
        since=row["followed_at"].isoformat() if row["followed_at"] else "",
        directions=_directions(row, f"{street}, {town}"),
        geo=_geo(row, f"{street}, {town}"),
        month=row["send_date"].replace(day=1),
    )


def by_month(cards: Sequence[Card]) -> list[tuple[date, list[Card]]]:
    """The homes by the month of their delivery, in their order."""
    return [(month, list(group)) for month, group in groupby(cards, key=lambda each: each.month)]


def files(rows: Sequence[Row]) -> str:
    """The files that the homes come from, once each."""
    return ", ".join(dict.fromkeys(f"{row['source']} {row['edition']}" for row in rows))


def _lines(row: Row) -> tuple[str, str]:
    street, comma, town = (row["printed_address"] or "").rpartition(", ")
    if comma:
        return street, town
    return row["address_raw"], f"{row['postal_code']} {row['city_name']}"


def _facts(row: Row, say: Language) -> Iterator[str]:
    yield say.kinds.get(row["property_type"], say.kinds["other"])
    if row["surface"]:
        yield say.surface(row["surface"])
    if row["rooms"]:
        yield say.many(row["rooms"], "room")
    if row["land_surface"]:
        land = say.surface(row["land_surface"])
        yield land if row["property_type"] == "land" else say.told("land", surface=land)


def _per_m2(row: Row, say: Language) -> str:
    surface = row["land_surface"] if row["property_type"] == "land" else row["surface"]
    return say.told("per_m2", price=say.price(row["price"] / surface)) if surface else ""


def _estimate(row: Row, say: Language) -> str:
    if row["estimate_eur"] is None:
        return ""
    low, high = say.price(row["estimate_low_eur"]), say.price(row["estimate_high_eur"])
    return say.told("range", price=say.price(row["estimate_eur"]), low=low, high=high)


def _basis(row: Row, say: Language) -> str:
    if row["estimate_eur"] is None:
        return ""
    return say.told(row["estimate_basis"], sales=say.many(row["estimate_comparables"], "sale"))


def _point(row: Row) -> str:
    """Of its door; nothing where only the commune is known."""
    if row["latitude"] is None or row["position_source"] == "commune":
        return ""
    return f"{row['latitude']:.6f},{row['longitude']:.6f}"


def _directions(row: Row, place: str) -> str:
    """The way to its door where that is known, else to what the address names."""
    if point := _point(row):
        return f"https://www.openstreetmap.org/directions?to={quote(point)}"
    return f"https://www.openstreetmap.org/search?query={quote(place)}"


def _geo(row: Row, place: str) -> str:
    """`geo:` (RFC 5870) with the address as phones know it."""
    point = _point(row)
    return f"geo:{point}?q={quote(point)}({quote(place)})" if point else ""
