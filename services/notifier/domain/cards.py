"""A home in the words of a mail: what its card and its lines of text say alike."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from services.notifier.domain.mail import Home
from services.notifier.domain.wording import filters, months_between, printable

BETWEEN: Final = " · "


class Card(NamedTuple):
    """A home as templates show it, each part ready to print; empty where nothing is known."""

    street: str
    city: str
    facts: str
    price: str
    sale: str
    estimate: str
    margin: str
    basis: str


class _Phrases(NamedTuple):
    rooms: tuple[str, str]
    plot: str
    sold: str
    margin: str
    bases: Mapping[str, str]


_PHRASES: Final[Mapping[str, _Phrases]] = {
    "fr": _Phrases(
        rooms=("1 pièce", "{} pièces"),
        plot="terrain de {}",
        sold="vente du {} (il y a {})",
        margin="entre {} et {}",
        bases={
            "commune": "d’après {} ventes comparables dans la commune",
            "department": "d’après {} ventes comparables dans le département",
        },
    ),
    "en": _Phrases(
        rooms=("1 room", "{} rooms"),
        plot="plot of {}",
        sold="sold on {} ({} ago)",
        margin="between {} and {}",
        bases={
            "commune": "based on {} comparable sales in the same town",
            "department": "based on {} comparable sales in the department",
        },
    ),
}


def card(home: Home, locale: str) -> Card:
    """The words of a home."""
    say, phrases = filters(locale), _PHRASES[locale]
    street, city = _lines(home)
    sale = phrases.sold.format(
        say["day"](home.sold_on), say["age"](months_between(home.sold_on, home.assigned_on))
    )
    price = "" if home.price_eur is None else say["price"](home.price_eur)
    return Card(
        street, city, _facts(home, say, phrases), price, sale, *_estimate(home, say, phrases)
    )


def _lines(home: Home) -> tuple[str, str]:
    """Street and town, as an envelope bears them where that is known."""
    street, comma, city = printable(home.printed_address or "").rpartition(", ")
    if comma:
        return street, city
    return printable(home.address), printable(f"{home.postal_code} {home.city_name}")


def _facts(home: Home, say: Mapping[str, Callable[..., str]], phrases: _Phrases) -> str:
    facts = [say["kind"](home.kind)]
    if home.surface_m2:
        facts.append(say["surface"](home.surface_m2))
    if home.rooms:
        facts.append(phrases.rooms[home.rooms > 1].format(home.rooms))
    if home.land_m2:
        land = say["surface"](home.land_m2)
        facts.append(land if home.kind == "land" else phrases.plot.format(land))
    return BETWEEN.join(facts)


def _estimate(
    home: Home, say: Mapping[str, Callable[..., str]], phrases: _Phrases
) -> tuple[str, str, str]:
    """What it may be worth today, between which bounds, and how that is known."""
    if home.estimate_eur is None:
        return "", "", ""
    low, high, comparables = (
        home.estimate_low_eur,
        home.estimate_high_eur,
        home.estimate_comparables,
    )
    margin = phrases.margin.format(say["price"](low), say["price"](high)) if low and high else ""
    basis = phrases.bases.get(home.estimate_basis or "", "") if comparables else ""
    return say["price"](home.estimate_eur), margin, basis.format(say["number"](comparables or 0))
