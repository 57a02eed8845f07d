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
        "address": "adresse", "address_many": "adresses", "room": "pièce", "room_many": "pièces",
        "sale": "vente comparable", "sale_many": "ventes comparables",
        "addresses": "Vos adresses", "none": "Il n’y a pas encore d’adresse à montrer.",
        "open_until": "Ce lien reste ouvert jusqu’au {day}.",
        "download": "Télécharger la liste (CSV)", "older": "Adresses plus anciennes",
        "newer": "Adresses plus récentes", "land": "terrain {surface}",
        "sold": "Vendu", "sold_on": "{price}, le {day}", "estimate": "Estimation",
        "range": "{price} (de {low} à {high})", "follow_up": "Suivi",
        "commune": "{sales} dans la commune", "department": "{sales} dans le département",
        "source_title": "Source des données", "rights_title": "Les droits des habitants",
        "source": "DGFiP – Demandes de valeurs foncières (DVF), Licence Ouverte 2.0 ; fichiers : {files}. "
        "Les estimations sont calculées par TrackImmo à partir de ces ventes : ce ne sont pas des expertises.",
        "rights": "Vous écrivez à des particuliers. Dès le premier contact, dites-leur qui vous êtes, "
        "pourquoi vous écrivez, d’où vient leur adresse, et qu’ils peuvent à tout moment y accéder, la faire "
        "effacer et s’opposer gratuitement à votre démarche. Respectez aussitôt toute opposition et "
        "signalez-la-nous en répondant à l’un de nos messages : l’adresse ne sera plus proposée à personne. Il "
        "est interdit d’utiliser ces données pour retrouver l’identité de l’acheteur ou du vendeur, et de les "
        "publier sur des pages indexées par les moteurs de recherche.",
        "unsubscribe_link": "Ne plus recevoir nos messages",
        "resume_link": "Vous ne recevez plus nos messages. Les recevoir de nouveau",
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
        "address": "address", "address_many": "addresses", "room": "room", "room_many": "rooms",
        "sale": "comparable sale", "sale_many": "comparable sales",
        "addresses": "Your addresses", "none": "There is no address to show yet.",
        "open_until": "This link stays open until {day}.",
        "download": "Download the list (CSV)", "older": "Older addresses",
        "newer": "Newer addresses", "land": "{surface} of land",
        "sold": "Sold", "sold_on": "{price}, on {day}", "estimate": "Estimate",
        "range": "{price} ({low} to {high})", "follow_up": "Follow-up",
        "commune": "{sales} in the commune", "department": "{sales} in the department",
        "source_title": "Source of the data", "rights_title": "The rights of the people who live there",
        "source": "DGFiP – Demandes de valeurs foncières (DVF), Licence Ouverte 2.0; files: {files}. The "
        "estimates are calculated by TrackImmo from these sales: they are no valuations by an expert.",
        "rights": "You are writing to private persons. At first contact, tell them who you are, why you are "
        "writing, where their address comes from, and that they may at any time see it, have it erased and "
        "object to your approach, free of charge. Honour every objection at once and let us know by replying to "
        "one of our mails: the address will not be offered to anyone again. These data may not be used to find "
        "out who bought or sold, nor be published on pages that search engines index.",
        "unsubscribe_link": "Stop receiving our mails",
        "resume_link": "You receive no mails from us. Receive them again",
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
