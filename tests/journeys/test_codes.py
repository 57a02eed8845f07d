"""Postcodes and INSEE codes go from the sales file to mail, page, API and CSV byte for byte.

One house was sold in a place of each department 01 to 09, of both Corsicas and overseas, and in each
arrondissement of Paris, Lyon and Marseille. Its files are ours; places and geocoder are simulated.
"""

import csv
import io
import re
from collections.abc import AsyncGenerator, Iterable
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from deploy.simulator.geo_api import COMMUNES_CSV
from tests.scraper.sales.geo_dvf import HOUSE, table
from tests.support.stack import Stack, running_stack, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.asyncio(loop_scope="module"),
]

DEPARTMENTS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "2A", "2B")
OVERSEAS = ("971", "972", "973", "974")
CITIES = ("75", "69", "13")
CARDS = 50


class Place(msgspec.Struct, frozen=True):
    """Where a house was sold, as the files say it."""

    insee_code: str
    name: str
    postal_code: str
    department: str

    @property
    def street(self) -> str:
        return f"RUE DU LIEU {self.insee_code}"

    @property
    def city(self) -> str:
        return re.sub(r" \d+er? Arrondissement", "", self.name)

    @property
    def line(self) -> str:
        """What stands in the mail for the post to read."""
        return f"{self.postal_code} {self.city}"


def _places() -> list[Place]:
    rows = csv.DictReader(io.StringIO(COMMUNES_CSV.decode()))
    places = [
        Place(row["code"], row["nom"], row["codes_postaux"].split()[-1], row["code_departement"])
        for row in rows
        if row["code"] not in {"75056", "69123", "13055"}
        and (row["code_departement"] not in CITIES or row["type"] == "arrondissement-municipal")
    ]
    wanted = (*DEPARTMENTS, *OVERSEAS, *CITIES)
    first = {
        (p.department if p.department not in CITIES else p.insee_code): p for p in reversed(places)
    }
    return sorted((p for p in first.values() if p.department in wanted), key=lambda p: p.insee_code)


PLACES = _places()
BY_CODE = {place.insee_code: place for place in PLACES}


def write_sales(folder: Path) -> None:
    """A file for each place, of the year in which its house was sold."""
    today = date.today()  # noqa: DTZ011  the stack's own day
    sold = date(today.year - 7, 1, 15)
    for place in PLACES:
        path = folder / str(sold.year) / place.department / f"{place.insee_code}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        house = HOUSE | {
            "date_mutation": sold.isoformat(),
            "adresse_numero": "12",
            "adresse_suffixe": "B",
            "adresse_nom_voie": place.street,
            "code_postal": place.postal_code,
            "code_commune": place.insee_code,
            "nom_commune": place.name,
            "code_departement": place.department,
            "id_parcelle": f"{place.insee_code}000AB0012",
        }
        path.write_bytes(table(house))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    folder = tmp_path_factory.mktemp("codes")
    write_sales(folder / "sales")
    source = f"geo-dvf=file://{folder}/sales/{{year}}/{{department}}/{{insee}}.csv"
    async with running_stack(folder / "stack", {"SALES_SOURCES": source}) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients(stack: Stack) -> list[tuple[str, list[Place], EmailMessage]]:
    """Clients who have received every house: few enough for cards, and all at once for the file."""
    half = len(PLACES) // 2
    return [
        await _served(stack, number, places)
        for number, places in enumerate((PLACES[:half], PLACES[half:], PLACES), 1)
    ]


async def _served(
    stack: Stack, number: int, places: list[Place]
) -> tuple[str, list[Place], EmailMessage]:
    client_id = await stack.register(
        number,
        chosen_cities=[place.insee_code for place in places],
        addresses_per_report=len(places),
        property_type_preferences=["house"],
    )
    job = await stack.finished(await stack.start_job(client_id), 90)
    assert (job["status"], job["properties_assigned"]) == ("completed", len(places)), job

    async def arrived() -> Any:
        to = f"agent{number}@example.org"
        return [m for m in stack.mails() if to in m["To"] and "nouvelles adresses" in m["Subject"]]

    return client_id, places, (await until(arrived))[0]


async def test_every_place_is_there() -> None:
    assert {place.department for place in PLACES} == {*DEPARTMENTS, *OVERSEAS, *CITIES}
    assert sum(place.department in CITIES for place in PLACES) == 20 + 9 + 16
    assert all(place.postal_code.startswith("0") for place in PLACES[:9])


async def test_the_api_says_the_codes_of_the_files(stack: Stack, clients: Any) -> None:
    for client_id, places, _ in clients:
        answer = await stack.api.get(f"/api/get-client-properties/{client_id}?limit=1000")
        homes = {home["insee_code"]: home for home in answer.json()["properties"]}

        assert homes.keys() == {place.insee_code for place in places}
        for place in places:
            home = homes[place.insee_code]
            assert home["postal_code"] == place.postal_code
            assert home["address_raw"] == f"12 B {place.street}"
            assert home["printed_address"].endswith(f", {place.line}")
            assert f'"postal_code":"{place.postal_code}"' in answer.text


async def test_the_file_says_the_codes_of_the_files(stack: Stack, clients: Any) -> None:
    for client_id, places, _ in clients:
        answer = await stack.api.get(f"/api/clients/{client_id}/properties.csv")

        assert answer.status_code == 200
        assert _codes(answer.content, places) == {(p.insee_code, p.postal_code) for p in places}


async def test_the_mail_says_the_codes_of_the_files(stack: Stack, clients: Any) -> None:
    for _, places, mail in clients:
        for kind in ("plain", "html"):
            body = mail.get_body((kind,)).get_content()
            shown = [place for place in places if place.line in body]
            assert len(shown) >= min(len(places), CARDS)
        assert "Arrondissement" not in mail.get_body(("plain",)).get_content()
        attached = [part.get_content() for part in mail.iter_attachments()]
        assert bool(attached) == (len(places) > CARDS)
        for content in attached:
            raw = content.encode() if isinstance(content, str) else content
            listed = {cell for row in _rows(raw) for cell in row}
            assert {place.postal_code for place in places} <= listed
            assert {f"12 B {place.street}" for place in places} <= listed


async def test_the_page_says_the_codes_of_the_files(stack: Stack, clients: Any) -> None:
    for _, places, mail in clients:
        link = re.search(r"http://\S+/c/[\w.~-]+", mail.get_body(("plain",)).get_content())
        assert link
        text = await _whole_list(stack, link[0])
        listed = await stack.api.get(f"{link[0]}/properties.csv")

        assert [place.line for place in places if place.line not in text] == []
        assert _codes(listed.content, places) == {(p.insee_code, p.postal_code) for p in places}


async def _whole_list(stack: Stack, link: str) -> str:
    """All pages of the list that a link opens."""
    first = (await stack.api.get(link)).text
    more = re.search(r'rel="next" href="([^"]+)"', first)
    return first + (await stack.api.get(more[1])).text if more else first


async def test_most_doors_were_confirmed_and_none_moved_to_another_code(stack: Stack) -> None:
    rows = await stack.query(
        "select insee_code, postal_code, printed_address, position_source from assigner.delivered"
    )

    confirmed = [row for row in rows if row["position_source"] == "geocoder"]
    assert len(confirmed) > 0.8 * len(rows)
    assert all(row["printed_address"].endswith(BY_CODE[row["insee_code"]].line) for row in rows)


def _codes(content: bytes, places: Iterable[Place]) -> set[tuple[str, str]]:
    """The pairs of codes in a CSV file, wherever its columns stand."""
    known = {(place.insee_code, place.postal_code) for place in places}
    return {pair for row in _rows(content) for pair in known if {*pair} <= {*row}}


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
