"""The words of a file, in the language of the client."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Locale = Literal["fr", "en"]

SOURCE: Final = "DGFiP – Demandes de valeurs foncières (DVF), Licence Ouverte 2.0"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How one language names the columns and what stands in them."""

    title: str
    headings: tuple[str, ...]
    kinds: Mapping[str, str]
    stages: Mapping[str, str]
    positions: Mapping[str, str]
    bases: Mapping[str, str]
    edition: str
    decimal: str
    day: str
    """As strftime wants it."""
    day_in_cells: str
    """As a spreadsheet wants it."""
    language: Locale
    labels: str
    addressee: str
    sheet: str
    sheet_page: str
    sold: str
    estimated: str
    rooms: str
    rights: str
    """What whoever writes to a home must know."""
    follow_ups: str
    call_again: str


FRENCH: Final = Words(
    title="Adresses",
    headings=("Identifiant", "Adresse", "Adresse postale", "Code postal", "Ville", "Code INSEE",
              "Type", "Surface (m²)", "Terrain (m²)", "Pièces", "Prix (€)", "Date de vente",
              "Latitude", "Longitude", "Précision de la position", "Estimation (€)",
              "Estimation basse (€)", "Estimation haute (€)", "Base de l’estimation",
              "Ventes comparables", "Envoyée le", "Statut", "Notes", "Contact le", "Relance le",
              "Horizon de vente", "Prix souhaité (€)", "Source des données"),
    kinds={"house": "Maison", "apartment": "Appartement", "land": "Terrain",
           "commercial": "Local commercial", "other": "Autre bien"},
    stages={"new": "À contacter", "contacted": "Contacté", "meeting": "Rendez-vous",
            "negotiation": "Négociation", "mandate": "Mandat", "sold": "Vendu"},
    positions={"geocoder": "adresse", "parcel": "parcelle", "commune": "commune (approximative)"},
    bases={"commune": "commune", "department": "département"},
    edition="édition", decimal=",", day="%d/%m/%Y", day_in_cells="dd/mm/yyyy",
    language="fr", labels="Étiquettes", addressee="Au propriétaire",
    sheet="Feuille de prospection", sheet_page="page {page} sur {pages}",
    sold="Vendu {price} le {day}", estimated="estimé {price}", rooms="{rooms} p.",
    rights="Dès le premier contact : qui vous êtes, d’où vient l’adresse, et le droit d’accès, "
    "d’effacement et d’opposition.",
    follow_ups="Relances TrackImmo", call_again="Relancer : {address}",
)  # fmt: skip

ENGLISH: Final = Words(
    title="Addresses",
    headings=("Identifier", "Address", "Postal address", "Postal code", "City", "INSEE code",
              "Type", "Surface (m²)", "Plot (m²)", "Rooms", "Price (€)", "Sold on",
              "Latitude", "Longitude", "Precision of the position", "Estimate (€)",
              "Low estimate (€)", "High estimate (€)", "Basis of the estimate",
              "Comparable sales", "Sent on", "Status", "Notes", "Contacted on", "Follow up on",
              "Sale horizon", "Desired price (€)", "Source of the data"),
    kinds={"house": "House", "apartment": "Flat", "land": "Land",
           "commercial": "Business premises", "other": "Other property"},
    stages={"new": "New", "contacted": "Contacted", "meeting": "Meeting",
            "negotiation": "Negotiation", "mandate": "Mandate", "sold": "Sold"},
    positions={"geocoder": "address", "parcel": "plot", "commune": "commune (approximate)"},
    bases={"commune": "commune", "department": "department"},
    edition="edition", decimal=".", day="%Y-%m-%d", day_in_cells="yyyy-mm-dd",
    language="en", labels="Labels", addressee="To the owner",
    sheet="Prospecting sheet", sheet_page="page {page} of {pages}",
    sold="Sold for {price} on {day}", estimated="estimate {price}", rooms="{rooms} rooms",
    rights="At first contact: who you are, where the address comes from, and the rights of access, "
    "erasure and objection.",
    follow_ups="TrackImmo follow-ups", call_again="Follow up: {address}",
)  # fmt: skip

LANGUAGES: Final[Mapping[str, Words]] = {"fr": FRENCH, "en": ENGLISH}
