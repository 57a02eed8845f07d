"""How French and English say numbers, dates, and the words of the pages that mails lead to."""

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

import msgspec

Locale = Literal["fr", "en"]

NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
WIDE: Final = "\N{NO-BREAK SPACE}"


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """How one language says things."""

    locale: Locale
    months: tuple[str, ...]
    kinds: Mapping[str, str]
    stages: Mapping[str, str]
    """Of the agent's follow-up."""
    words: Mapping[str, str]

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
        """`1 adresse`, `12 adresses`."""
        return f"{self.number(count)} {self.words[word if count == 1 else f'{word}_many']}"

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
    words={
        "subscribed": "Ne plus recevoir nos messages",
        "subscribed_text": "Vous recevez par courriel l’annonce de vos livraisons et vos nouvelles adresses. "
        "Si vous y renoncez, votre abonnement continue : vos adresses restent sur votre page et dans l’API.",
        "unsubscribe": "Ne plus les recevoir",
        "unsubscribed": "Vous ne recevez plus nos messages",
        "unsubscribed_text": "Votre abonnement continue : vos adresses restent sur votre page et dans l’API.",
        "resume": "Les recevoir de nouveau", "done": "C’est enregistré.",
        "gone": "Ce lien ne mène à aucun compte",
        "gone_text": "Plus aucun message ne part vers cette adresse. Il n’y a rien d’autre à faire.",
        "unknown": "Ce lien n’est pas valable",
        "unknown_text": "Il est peut-être incomplet : copiez-le en entier depuis le message, ou utilisez celui "
        "de notre message le plus récent.",
        "expired": "Ce lien n’est plus valable",
        "expired_text": "Chaque lien s’ouvre pendant 60 jours. Utilisez celui de notre message le plus récent, "
        "ou répondez à l’un de nos messages : nous vous en enverrons un nouveau.",
        "away": "Un instant", "away_text": "Cette page ne peut pas s’ouvrir à l’instant. Réessayez dans une minute.",
    },
)  # fmt: skip

ENGLISH: Final = Language(
    locale="en",
    months=("January", "February", "March", "April", "May", "June", "July", "August",
            "September", "October", "November", "December"),
    kinds={"house": "House", "apartment": "Flat", "land": "Land",
           "commercial": "Commercial premises", "other": "Other property"},
    stages={"new": "New", "contacted": "Contacted", "meeting": "Meeting",
            "negotiation": "Negotiation", "mandate": "Mandate", "sold": "Sold"},
    words={
        "subscribed": "Stop receiving our mails",
        "subscribed_text": "You receive notices of your deliveries and your new addresses by mail. Without them "
        "your subscription goes on: your addresses stay on your page and in the API.",
        "unsubscribe": "Stop receiving them",
        "unsubscribed": "You receive no mails from us any more",
        "unsubscribed_text": "Your subscription goes on: your addresses stay on your page and in the API.",
        "resume": "Receive them again", "done": "Done.",
        "gone": "This link leads to no account",
        "gone_text": "No mail goes to this address any more. There is nothing else to do.",
        "unknown": "This link does not work",
        "unknown_text": "It may be incomplete: copy all of it from the mail, or use the one in our latest mail.",
        "expired": "This link has ended",
        "expired_text": "Each link opens for 60 days. Use the one in our latest mail, or reply to one of our "
        "mails: we will send you a new one.",
        "away": "One moment", "away_text": "This page cannot be opened just now. Try again in a minute.",
    },
)  # fmt: skip

LANGUAGES: Final[Mapping[Locale, Language]] = {"fr": FRENCH, "en": ENGLISH}
