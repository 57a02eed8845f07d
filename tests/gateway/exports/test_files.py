"""Files for spreadsheets: what stands in them, and what no spreadsheet may calculate."""

import csv
import io
from datetime import date, datetime
from time import process_time
from typing import Any
from unicodedata import normalize
from uuid import UUID

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from libs.spreadsheet import harmless
from services.gateway.exports.files import FORMATS
from services.gateway.exports.words import ENGLISH, FRENCH, Words

HOME: dict[str, Any] = {
    "address_id": UUID(int=1),
    "address_raw": "12 B RUE DE LA REPUBLIQUE",
    "printed_address": "12 bis rue de la République, 01000 Bourg-en-Bresse",
    "postal_code": "01000",
    "city_name": "Bourg-en-Bresse",
    "insee_code": "01053",
    "property_type": "house",
    "surface": 96.5,
    "land_surface": None,
    "rooms": 4,
    "price": 182000.0,
    "sale_date": date(2019, 6, 14),
    "latitude": 46.2056,
    "longitude": -1.77,
    "position_source": "parcel",
    "estimate_eur": 243000,
    "estimate_low_eur": 208000,
    "estimate_high_eur": 281000,
    "estimate_basis": "commune",
    "estimate_comparables": 214,
    "send_date": date(2026, 11, 21),
    "follow_status": "meeting",
    "notes": None,
    "contact_date": None,
    "follow_up": date(2026, 12, 1),
    "sale_horizon": None,
    "desired_price": None,
    "edition": "2026-04",
}


def table(ending: str, *homes: dict[str, Any], words: Words = FRENCH) -> list[list[Any]]:
    file = FORMATS[ending][1](words)
    file.add(homes[:1])
    file.add(homes[1:])
    content = file.finish()
    if ending == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_csv_writes_numbers_and_days_as_its_reader_does():
    headings, cells = table("csv", HOME)

    told = dict(zip(headings, cells, strict=True))
    assert told["Code postal"] == "01000"
    assert told["Code INSEE"] == "01053"
    assert (told["Surface (m²)"], told["Prix (€)"], told["Longitude"]) == (
        "96,5",
        "182000",
        "-1,77",
    )
    assert (told["Date de vente"], told["Relance le"]) == ("14/06/2019", "01/12/2026")
    assert (told["Type"], told["Statut"], told["Terrain (m²)"]) == ("Maison", "Rendez-vous", "")
    assert told["Source des données"] == (
        "DGFiP – Demandes de valeurs foncières (DVF), Licence Ouverte 2.0, édition 2026-04"
    )


def test_a_workbook_has_typed_cells_and_codes_as_texts():
    headings, cells = table("xlsx", HOME, words=ENGLISH)

    told = dict(zip(headings, cells, strict=True))
    assert (told["Postal code"], told["INSEE code"]) == ("01000", "01053")
    assert (told["Surface (m²)"], told["Price (€)"], told["Rooms"]) == (96.5, 182000, 4)
    assert told["Sold on"] == datetime(2019, 6, 14)  # noqa: DTZ001 - a day, as openpyxl reads it
    assert told["Status"] == "Meeting"
    assert told["Source of the data"].endswith("edition 2026-04")


@pytest.mark.parametrize("code", ["01000", "2A004", "97411", "75056", "09000"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_codes_survive_byte_for_byte(ending: str, code: str):
    [_, cells] = table(ending, HOME | {"postal_code": code, "insee_code": code})

    assert cells.count(code) == 2


@pytest.mark.parametrize(
    "evil",
    [
        '=HYPERLINK("https://evil.example","a")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "\ufe661+1",
        "\ufe62\u00a01",
        "\u200b=1+1",
        "\u2060\n=1+1",
        "\u00ad@SUM(A1)",
        " \r\n \t=1+1",
        "\u3000=1+1",
        "\x00=1",
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_text_is_calculated(ending: str, evil: str):
    fields = ("address_raw", "printed_address", "city_name", "notes", "sale_horizon", "edition")

    [_, cells] = table(ending, HOME | dict.fromkeys(fields, evil))

    texts = [cell for cell in cells if isinstance(cell, str) and not cell.startswith("-1,77")]
    assert len([text for text in texts if text.startswith("'")]) == 5
    shown = [normalize("NFKC", text.strip(" \t\r\n\ufeff\u200b\u2060\u00ad")) for text in texts]
    assert not [text for text in shown if text[:1] in {"=", "+", "-", "@"}]


@pytest.mark.parametrize(
    "text",
    ["<b>&amp;</b> ]]>", "_x0041_ _x005F_", "  deux\n lignes  ", "\u00e9\U0001f3e0", "x" * 5000],
)
def test_a_workbook_holds_any_text_as_it_is(text: str):
    [_, cells] = table("xlsx", HOME | {"notes": text})

    assert text in [unescape(cell) for cell in cells if isinstance(cell, str)]


def test_days_are_days_in_every_column_of_a_workbook():
    days = dict.fromkeys(("sale_date", "send_date", "contact_date", "follow_up"), date(2026, 2, 28))
    headings, cells = table("xlsx", HOME | days)

    shown = {name: c for name, c in zip(headings, cells, strict=True) if isinstance(c, datetime)}
    assert list(shown) == ["Date de vente", "Envoyée le", "Contact le", "Relance le"]
    assert set(shown.values()) == {datetime(2026, 2, 28)}  # noqa: DTZ001 - a day, as openpyxl reads it


def test_a_long_workbook_takes_a_second_or_two():
    file = FORMATS["xlsx"][1](FRENCH)
    began = process_time()

    file.add([HOME] * 20_000)

    assert len(file.finish()) < 5_000_000
    assert process_time() - began < 2.5, "seconds of one core"


def test_what_is_no_formula_stays_as_it_is():
    for text in (
        "12 RUE DE L'ÉGLISE",
        "a=b",
        "Rappeler\nsamedi ; urgent",
        'dit "oui"',
        "",
        "👨\u200d👩",
    ):
        assert harmless(text) == text
        [_, cells] = table("csv", HOME | {"notes": text})
        assert text in cells


def test_signs_that_no_file_can_hold_are_left_out():
    assert harmless("a\x00b\x1bc\ufffed\u202ee") == "a b c d e"
    [_, cells] = table("xlsx", HOME | {"notes": "a\x00b\ufffe"})
    assert "a b " in cells


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_without_homes_there_are_headings(ending: str):
    assert table(ending) == [list(FRENCH.headings)]


def test_the_languages_name_the_same_columns():
    assert len(FRENCH.headings) == len(ENGLISH.headings) == len(table("csv", HOME)[1])
