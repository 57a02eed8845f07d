"""How French and English say numbers and dates; their words stand in files, by subject."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

import msgspec

Locale = Literal["fr", "en"]

NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
WIDE: Final = "\N{NO-BREAK SPACE}"

NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language says things."""

    locale: Locale
    months: tuple[str, ...]
    kinds: Mapping[str, str]
    stages: Mapping[str, str]
    """Of the agent's follow-up."""
    words: Mapping[str, str] = NONE
    """Of a subject, as `spoken` gives them."""

    def number(self, value: float) -> str:
        """`1 234 567` or `85,5`: at most one decimal, none when it is zero."""
        text = f"{value:,.1f}".removesuffix(".0")
        if self.locale == "en":
            return text
        return text.replace(",", NARROW).replace(".", ",")

    def price(self, euros: float) -> str:
        """`1 234 567 €`, or `€1,234,567`."""
        amount = self.number(round(euros))
        return f"€{amount}" if self.locale == "en" else f"{amount}{WIDE}€"

    def surface(self, square_metres: float) -> str:
        """`85,5 m²`."""
        return f"{self.number(square_metres)}{WIDE}m²"

    def day(self, value: date) -> str:
        """`28 février 2027`, `1er mars 2027`."""
        first = "er" if self.locale == "fr" and value.day == 1 else ""
        return f"{value.day}{first} {self.months[value.month - 1]} {value.year}"

    def month(self, value: date) -> str:
        """`Novembre 2026`."""
        return f"{self.months[value.month - 1]} {value.year}".capitalize()

    def many(self, count: int, word: str) -> str:
        """`1 adresse`, `12 adresses`; in French none is singular."""
        is_one = count == 1 or (count == 0 and self.locale == "fr")
        return f"{self.number(count)} {self.words[word if is_one else f'{word}_many']}"

    def told(self, word: str, **names: object) -> str:
        """A sentence with its blanks filled."""
        return self.words[word].format(**names)


FRENCH: Final = Language(
    locale="fr",
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
            "septembre", "octobre", "novembre", "décembre"),
    kinds={"house": "Maison", "apartment": "Appartement", "land": "Terrain",
           "commercial": "Local commercial", "other": "Autre bien"},
    stages={"new": "À contacter", "contacted": "Contacté", "meeting": "Rendez-vous",
            "negotiation": "Négociation", "mandate": "Mandat", "sold": "Vendu"},
)  # fmt: skip

ENGLISH: Final = Language(
    locale="en",
    months=("January", "February", "March", "April", "May", "June", "July", "August",
            "September", "October", "November", "December"),
    kinds={"house": "House", "apartment": "Flat", "land": "Land",
           "commercial": "Commercial premises", "other": "Other property"},
    stages={"new": "New", "contacted": "Contacted", "meeting": "Meeting",
            "negotiation": "Negotiation", "mandate": "Mandate", "sold": "Sold"},
)  # fmt: skip

LANGUAGES: Final[Mapping[Locale, Language]] = {"fr": FRENCH, "en": ENGLISH}
