"""What an agent takes along: labels, sheets, a calendar."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from pypdf import PdfReader

from services.gateway.exports.follow_ups import calendar_ics
from services.gateway.exports.labels import labels_pdf
from services.gateway.exports.sheets import sheet_pdf
from services.gateway.exports.words import ENGLISH, FRENCH, Words

CLIENT = UUID(int=7)
TODAY = date(2026, 11, 22)
HOME: dict[str, Any] = {
    "address_id": UUID(int=1),
    "address_raw": "12 B RUE DE LA REPUBLIQUE",
    "printed_address": "12 bis rue de la République, 01000 Bourg-en-Bresse",
    "postal_code": "01000",
    "city_name": "Bourg-en-Bresse",
    "property_type": "house",
    "surface": 96.5,
    "land_surface": 430.0,
    "rooms": 4,
    "price": 182000.0,
    "sale_date": date(2019, 6, 14),
    "estimate_eur": 243000,
    "follow_status": "meeting",
    "notes": "Rappeler ; le mardi,\r\nBEGIN:VEVENT",
    "follow_up": date(2026, 12, 1),
    "followed_at": datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
}


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def entries(homes: Sequence[dict[str, Any]], words: Words = FRENCH) -> list[Any]:
    return Calendar.from_ical(calendar_ics(homes, words, client_id=CLIENT)).walk("VEVENT")


def test_a_label_says_whom_and_where_in_three_lines():
    [page] = pages(labels_pdf([HOME], FRENCH))

    assert page.split("\n")[:3] == [
        "Au propriétaire",
        "12 bis rue de la République",
        "01000 Bourg-en-Bresse",
    ]


def test_a_label_of_an_address_that_nobody_could_print_shows_it_as_it_was_sold():
    [page] = pages(labels_pdf([HOME | {"printed_address": None}], ENGLISH))

    assert page.split("\n")[1:3] == ["12 B RUE DE LA REPUBLIQUE", "01000 Bourg-en-Bresse"]


@pytest.mark.parametrize(
    "homes, first, sheets", [(24, 1, [24]), (25, 1, [24, 1]), (5, 24, [1, 4]), (24, 5, [20, 4])]
)
def test_a_sheet_that_was_begun_is_used_up(homes: int, first: int, sheets: list[int]):
    printed = pages(labels_pdf([HOME] * homes, FRENCH, first=first))

    assert [page.count("Au propriétaire") for page in printed] == sheets


def test_what_a_font_lacks_does_not_keep_the_others_from_being_printed():
    strange = HOME | {"printed_address": f"1 \u4e2d\x00 {'w' * 500}, 01000 Œuvre\u2028-sur-Y"}

    [page] = pages(labels_pdf([strange, HOME], FRENCH))

    assert "12 bis rue de la République" in page
    assert "01000 Œuvre -sur-Y" in page
    assert "1 ?" in page


def test_a_sheet_lists_thirteen_homes_a_page_with_their_facts():
    printed = pages(sheet_pdf([HOME] * 14, FRENCH, on=TODAY))

    assert [page.count("rue de la République") for page in printed] == [13, 1]
    assert "22/11/2026, page 2 sur 2" in printed[1]
    assert "14. 12 bis rue de la République" in printed[1]
    assert "Maison · 96,5 m² · 430 m² · 4 p." in printed[1]
    assert "Vendu 182 000 € le 14/06/2019 · estimé 243 000 €" in printed[1]
    assert "DVF" in printed[1]


def test_a_sheet_of_nothing_is_a_page():
    [page] = pages(sheet_pdf([], ENGLISH, on=TODAY))

    assert "Prospecting sheet" in page


def test_a_home_to_call_again_is_a_day_in_the_calendar():
    [entry] = entries([HOME, HOME | {"follow_up": None}])

    assert entry["summary"] == ("Relancer : 12 bis rue de la République, 01000 Bourg-en-Bresse")
    assert entry["dtstart"].dt == date(2026, 12, 1)
    assert entry["dtend"].dt == date(2026, 12, 2)
    assert entry["description"] == "Rendez-vous\nRappeler ; le mardi,\nBEGIN:VEVENT"


def test_an_entry_keeps_its_identity_when_its_day_moves():
    [before] = entries([HOME])
    [after] = entries([HOME | {"follow_up": date(2027, 1, 4)}])

    assert before["uid"] == after["uid"]


def test_the_last_day_of_all_is_a_day_in_the_calendar_too():
    [entry] = entries([HOME | {"follow_up": date.max}])

    assert entry["dtstart"].dt == date.max
    assert "dtend" not in entry  # a day, as RFC 5545 has it


def test_a_note_ends_no_line_of_the_file():
    home = HOME | {"notes": "Rappeler\rEND:VEVENT"}

    content = calendar_ics([home], FRENCH, client_id=CLIENT)

    assert content.count(b"\r") == content.count(b"\r\n")
