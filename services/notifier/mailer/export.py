"""The homes of a delivery as a file for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from services.notifier.domain.mail import Home
from services.notifier.domain.wording import LANGUAGES, kind, printable
from services.notifier.mailer.message import Attachment

HEADINGS: Final = {
    "fr": ("N°", "Adresse", "Code postal", "Ville", "Type", "Surface (m²)", "Pièces", "Prix (€)", "Date de vente", "Source"),
    "en": ("No.", "Address", "Postal code", "City", "Type", "Surface (m²)", "Rooms", "Price (€)", "Sold on", "Source"),
}  # fmt: skip
SOURCE: Final = "DGFiP – Demandes de valeurs foncières, Licence Ouverte 2.0"
FILENAME: Final = "trackimmo-adresses.csv"
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")


def attachment(homes: Sequence[Home], locale: str) -> Attachment:
    """All homes as CSV: semicolons and a byte order mark, as French spreadsheets want it."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS[locale])
    writer.writerows([neutral(cell) for cell in _cells(home, locale)] for home in homes)
    content = file.getvalue().encode("utf-8-sig")
    return Attachment(FILENAME, "text/csv; charset=utf-8", content)


def neutral(cell: str) -> str:
    """The cell, harmless for a program that would calculate it."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _cells(home: Home, locale: str) -> tuple[str, ...]:
    language = LANGUAGES[locale]
    surface = f"{home.surface_m2:.1f}".removesuffix(".0") if home.surface_m2 else ""
    return (
        str(home.position),
        printable(home.address),
        home.postal_code,
        printable(home.city_name),
        kind(language, home.kind),
        surface.replace(".", language.decimal),
        str(home.rooms or ""),
        str(round(home.price_eur)),
        f"{home.sold_on:%d/%m/%Y}",
        f"{SOURCE} ({printable(home.source)}), {home.assigned_on:%d/%m/%Y}",
    )
