"""The simulator as the publishers on the web: their paths, redirects, index pages, dropped years."""

import csv
import io
import re
import ssl
import zipfile
from collections.abc import Generator
from pathlib import Path

import httpx
import polars as pl
import pytest
import trustme

from deploy.simulator import Publisher, generate, serving
from deploy.simulator.public import EDITIONS, OFFICIAL_YEARS
from deploy.simulator.raw import HEADER, generate_raw
from deploy.simulator.towns import TOWNS, sells_in
from services.scraper.sales import read_sales
from tests.support.authority import certified

OFFICIAL = "/geo-dvf/latest/csv"
BOURG = f"{OFFICIAL}/2021/communes/01/01053.csv"
MOVED = {old: town.insee for town in TOWNS.values() for old in town.former}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def publisher(authority: trustme.CA) -> Generator[Publisher]:
    with serving(tls=certified(authority, "localhost")) as running:
        yield running


@pytest.fixture
def http(publisher: Publisher, authority: trustme.CA) -> Generator[httpx.Client]:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with httpx.Client(
        base_url=publisher.url, verify=trust, follow_redirects=True, trust_env=False, timeout=30
    ) as client:
        yield client


def links(page: httpx.Response) -> list[str]:
    return re.findall(r'href="([^".]+[^"]*)"', page.text)


def test_who_does_not_trust_the_authority_gets_nothing(publisher: Publisher, http: httpx.Client):
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(publisher.url, trust_env=False)
    assert http.get("/").status_code == 200


def test_the_official_folder_has_the_last_five_years(http: httpx.Client):
    assert links(http.get(f"{OFFICIAL}/")) == ["2021/", "2022/", "2023/", "2024/", "2025/"]
    for year in (2014, 2019, 2020, 2026):
        assert http.get(f"{OFFICIAL}/{year}/").status_code == 404
        assert http.get(BOURG.replace("2021", str(year))).status_code == 404


def test_an_official_file_is_a_redirect_into_a_storage(http: httpx.Client, publisher: Publisher):
    asked = http.get(BOURG, follow_redirects=False)
    assert asked.status_code == 302
    assert asked.headers["Location"] == f"{publisher.url}/object-storage{BOURG}"
    assert http.get(BOURG).text == generate("01053", 2021)


def test_an_unchanged_file_is_not_sent_again_by_either_sign(http: httpx.Client):
    first = http.get(BOURG)
    for known in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        again = http.get(BOURG, headers=known)
        assert (again.status_code, again.content) == (304, b"")
    other = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["Last-Modified"]}
    assert http.get(BOURG, headers=other).status_code == 200


def test_a_folder_is_there_for_who_reads_it_and_not_for_who_asks_whether_it_is(http: httpx.Client):
    for folder in (f"{OFFICIAL}/", f"{OFFICIAL}/2021/", f"{OFFICIAL}/2021/communes/01/"):
        assert http.get(folder).status_code == 200
        assert http.head(folder).status_code == 404
    assert http.head(BOURG).headers["Content-Length"] == str(len(http.get(BOURG).content))


def test_the_archive_has_every_edition_with_its_years_later_ones_zipped(http: httpx.Client):
    assert links(http.get("/dgfip_dvf/")) == [f"{edition}/" for edition in EDITIONS]
    assert links(http.get("/dgfip_dvf/202304/"))[0] == "valeursfoncieres-2018.txt"
    assert links(http.get("/dgfip_dvf/202504/"))[0] == "valeursfoncieres-2020.txt.zip"
    plain = http.get("/dgfip_dvf/202304/valeursfoncieres-2018.txt")
    assert plain.text == generate_raw(2018, 1, "202304")
    with zipfile.ZipFile(
        io.BytesIO(http.get("/dgfip_dvf/202504/valeursfoncieres-2020.txt.zip").content)
    ) as archive:
        assert archive.namelist() == ["valeursfoncieres-2020.txt"]
        assert archive.read(archive.namelist()[0]).decode() == generate_raw(2020, 1, "202504")


@pytest.mark.parametrize(
    "path",
    [
        "/dgfip_dvf/202504/valeursfoncieres-2020.txt",
        "/dgfip_dvf/202304/valeursfoncieres-2018.txt.zip",
        "/dgfip_dvf/202304/valeursfoncieres-2017.txt",
        "/dgfip_dvf/202310/valeursfoncieres-2018.txt",
        "/dgfip_dvf/202310/",
        f"{OFFICIAL}/2021/communes/64/01053.csv",
        f"{OFFICIAL}/2021/departements/35.csv.gz",
        "/communes/99999",
    ],
)
def test_what_a_publisher_does_not_have_is_not_found(http: httpx.Client, path: str):
    assert http.get(path).status_code == 404


def test_what_is_dropped_later_leaves_its_folder_too(http: httpx.Client, publisher: Publisher):
    assert http.get(BOURG).status_code == 200
    publisher.drop("2021", "202304")
    assert http.get(BOURG).status_code == 404
    assert links(http.get(f"{OFFICIAL}/"))[0] == "2022/"
    assert http.get("/dgfip_dvf/202304/valeursfoncieres-2018.txt").status_code == 404
    assert "202304/" not in links(http.get("/dgfip_dvf/"))
    assert http.get(BOURG.replace("2021", "2022")).status_code == 200


def test_the_api_of_places_answers_at_its_own_paths(http: httpx.Client):
    assert http.get("/communes", params={"codePostal": "01000"}).json()[0]["code"] == "01053"
    assert http.get("/communes/75111").json()["nom"] == "Paris 11e Arrondissement"
    assert len(http.get("/communes", params={"type": "arrondissement-municipal"}).json()) == 45


def test_a_raw_line_has_the_43_columns_and_the_traps():
    text = generate_raw(2019, 1, "202404")
    rows = list(csv.DictReader(io.StringIO(text), delimiter="|", quoting=csv.QUOTE_NONE))
    assert text.split("\n", 1)[0] == HEADER
    assert {line.count("|") for line in text.splitlines()} == {42}
    bourg = [row for row in rows if row["Commune"] == "BOURG-EN-BRESSE"]
    assert {(r["Code departement"], r["Code commune"], r["Code postal"]) for r in bourg} == {
        ("01", "53", "1000")
    }
    assert all(re.fullmatch(r"\d\d/\d\d/2019", row["Date mutation"]) for row in rows)
    assert all(re.fullmatch(r"(\d+,\d\d)?", row["Valeur fonciere"]) for row in rows)
    assert {row["Code commune"] for row in rows if row["Code departement"] == "974"} == {"11"}
    assert {row["Prefixe de section"] for row in rows if row["Commune"] == "VAL-REVERMONT"} > {""}
    assert not any(row["Type de voie"] for row in rows if row["Voie"] == "LE CHATEAU")
    assert generate_raw(2018, 1, "201904").startswith("Code service CH|")


@pytest.mark.parametrize("year", [2018, 2019, 2020])
def test_the_raw_file_gives_the_sales_of_all_geo_files(year: int, tmp_path: Path):
    """Identity, kind, price, address: everything but the point on the map."""
    facts = ["property_id", "home_key", "insee_code", "kind", "rejected", "sold_on", "price_cents"]
    geo = pl.concat(
        read_sales(generate(insee, year).encode(), name=insee, moved=MOVED).sales
        for insee in TOWNS
        if sells_in(insee, year)
    )
    raw = read_sales(generate_raw(year, 1, "202404").encode(), name="raw", moved=MOVED)

    assert raw.bad_lines == 0
    assert raw.homes > 1000
    assert raw.sales.select(facts).sort("property_id").equals(geo.select(facts).sort("property_id"))
    assert OFFICIAL_YEARS[0] > year
