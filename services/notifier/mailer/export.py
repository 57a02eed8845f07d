"""The homes of a delivery as a file for a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from libs.spreadsheet import harmless
from services.notifier.domain.mail import Home
from services.notifier.domain.wording import LANGUAGES, kind, printable
from services.notifier.mailer.message import Attachment

HEADINGS: Final = {
    "fr": ("N°", "Adresse", "Code postal", "Ville", "Type", "Surface (m²)", "Pièces", "Prix (€)", "Date de vente", "Source",
           "Adresse postale", "Terrain (m²)", "Estimation (€)", "Estimation basse (€)", "Estimation haute (€)", "Ventes comparables"),
    "en": ("No.", "Address", "Postal code", "City", "Type", "Surface (m²)", "Rooms", "Price (€)", "Sold on", "Source",
           "Postal address", "Plot (m²)", "Estimate (€)", "Low estimate (€)", "High estimate (€)", "Comparable sales"),
}  # fmt: skip
SOURCE: Final = "DGFiP – Demandes de valeurs foncières, Licence Ouverte 2.0"
FILENAME: Final = "trackimmo-adresses.csv"


def attachment(homes: Sequence[Home], locale: str) -> Attachment:
    """All homes as CSV: semicolons and a byte order mark, as French spreadsheets want it."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS[locale])
    writer.writerows([harmless(cell) for cell in _cells(home, locale)] for home in homes)
    content = file.getvalue().encode("utf-8-sig")
    return Attachment(FILENAME, "text/csv; charset=utf-8", content)


def _cells(home: Home, locale: str) -> tuple[str, ...]:
    language = LANGUAGES[locale]

    def square_metres(value: float | None) -> str:
        text = f"{value:.1f}".removesuffix(".0") if value else ""
        return text.replace(".", language.decimal)

    return (
        str(home.position),
        printable(home.address),
        home.postal_code,
        printable(home.city_name),
        kind(language, home.kind),
        square_metres(home.surface_m2),
        str(home.rooms or ""),
        _whole(home.price_eur),
        f"{home.sold_on:%d/%m/%Y}",
        f"{SOURCE} ({printable(home.source)}), {home.assigned_on:%d/%m/%Y}",
        printable(home.printed_address or ""),
        square_metres(home.land_m2),
        _whole(home.estimate_eur),
        _whole(home.estimate_low_eur),
        _whole(home.estimate_high_eur),
        _whole(home.estimate_comparables),
    )


def _whole(value: float | None) -> str:
    return "" if value is None else str(round(value))
