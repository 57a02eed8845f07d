import gzip
import re
import zlib
from collections.abc import Generator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from deploy.simulator import Publisher, generate, serving
from deploy.simulator.layout import HEADER

BOURG = "/geo-dvf/2019/communes/01/01053.csv"


@pytest.fixture(scope="module")
def publisher() -> Generator[Publisher]:
    with serving(seed=3) as running:
        yield running


@pytest.fixture
def http(publisher: Publisher) -> Generator[httpx.Client]:
    with httpx.Client(base_url=publisher.url, timeout=10) as client:
        yield client


def links(page: str) -> list[str]:
    return re.findall(r'href="([^".]+[^"]*)"', page)


def test_a_commune_file_is_what_the_generator_gives_for_the_seed(http):
    answer = http.get(BOURG)
    assert answer.text == generate("01053", 2019, 3)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_the_rewrite_is_chosen_by_prefix_or_query(http):
    rewrite = generate("01053", 2019, 3, "2026")
    assert http.get("/geo-dvf-2026/2019/communes/01/01053.csv").text == rewrite
    assert http.get(f"{BOURG}?dialect=2026").text == rewrite


@pytest.mark.parametrize(
    "path",
    [
        "/geo-dvf/2019/communes/01/01004.csv",
        "/geo-dvf/2016/communes/01/01426.csv",
        "/geo-dvf/2013/communes/01/01053.csv",
        "/geo-dvf/2019/communes/64/01053.csv",
        "/geo-dvf/2019/communes/75/75056.csv",
        "/geo-dvf/2013/",
        "/geo-dvf/2019/communes/35/",
        "/geo-dvf/2019/departements/35.csv.gz",
        "/faults/unknown/geo-dvf/",
        "/elsewhere",
    ],
)
def test_what_the_publisher_does_not_have_is_not_found(http, path):
    assert http.get(path).status_code == 404


def test_listings_lead_from_the_root_to_a_file_of_the_listed_size(http):
    assert "geo-dvf/" in links(http.get("/").text)
    assert links(http.get("/geo-dvf/").text)[0] == "2014/"
    assert links(http.get("/geo-dvf/2019/").text) == ["communes/", "departements/", "full.csv.gz"]
    assert "2A/" in links(http.get("/geo-dvf/2019/communes/").text)
    folder = http.get("/geo-dvf/2019/communes/01/").text
    assert links(folder) == ["01053.csv", "01426.csv", "01451.csv"]
    assert f"01053.csv</a>  13-Oct-2026 08:00  {len(http.get(BOURG).content)}\n" in folder


def test_a_commune_without_sales_is_missing_from_the_listing_of_that_year(http):
    assert links(http.get("/geo-dvf/2016/communes/01/").text) == ["01053.csv", "01451.csv"]


def test_a_department_file_joins_its_communes_and_the_country_all(http):
    department = gzip.decompress(http.get("/geo-dvf/2019/departements/01.csv.gz").content).decode()
    country = gzip.decompress(http.get("/geo-dvf/2019/full.csv.gz").content).decode()
    for text in (department, country):
        assert text.startswith(HEADER + generate("01053", 2019, 3).removeprefix(HEADER))
        assert text.count(HEADER) == 1
    assert generate("94068", 2019, 3).removeprefix(HEADER) in country


def test_an_unchanged_file_is_not_sent_again(http):
    first = http.get(BOURG)
    again = http.get(BOURG, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert parsedate_to_datetime(first.headers["last-modified"]).date().isoformat() == "2026-10-13"
    other = http.get(BOURG, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


def test_a_head_has_the_size_and_no_body(http):
    answer = http.head(BOURG)
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == len(http.get(BOURG).content)


def test_another_seed_has_other_files(http):
    with serving(seed=4) as other:
        assert httpx.get(other.url + BOURG).text != http.get(BOURG).text


def test_a_page_of_html_says_that_all_is_well(http):
    answer = http.get(f"/faults/html{BOURG}")
    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")


def test_an_empty_file_has_its_header(http):
    assert http.get(f"/faults/empty{BOURG}").text == HEADER


@pytest.mark.parametrize("path", [BOURG, "/geo-dvf/2019/departements/01.csv.gz"])
def test_a_truncated_file_is_half_a_gzip(http, path):
    content = http.get(f"/faults/truncated{path}").content
    unpacking = zlib.decompressobj(wbits=31)
    assert unpacking.decompress(content).startswith(HEADER.encode())
    assert not unpacking.eof


def test_a_file_may_lack_columns(http):
    header = http.get(f"/faults/columns{BOURG}").text.splitlines()[0]
    assert "date_mutation" not in header
    assert "valeur_fonciere" not in header
    assert len(header.split(",")) == 38


def test_one_year_is_hollow_and_the_others_are_whole(http):
    whole, hollow = http.get(BOURG).text, http.get(f"/faults/hollow{BOURG}").text
    assert 5 * hollow.count("\n") == pytest.approx(whole.count("\n"), rel=0.05)
    other = BOURG.replace("2019", "2018")
    assert http.get(f"/faults/hollow{other}").text == http.get(other).text


def test_a_source_that_is_down_answers_500_everywhere(http):
    assert http.get(f"/faults/500{BOURG}").status_code == 500
    assert http.get("/faults/500/geo-dvf/").status_code == 500


def test_a_slow_source_answers_late_but_right(http):
    with pytest.raises(httpx.ReadTimeout):
        http.get(f"/faults/slow{BOURG}", timeout=0.3)
    assert http.get(f"/faults/slow{BOURG}").text == http.get(BOURG).text


@pytest.mark.parametrize("fault", ["html", "empty", "truncated", "columns", "hollow"])
def test_a_fault_leaves_folders_and_missing_files_as_they_are(http, fault):
    assert http.get(f"/faults/{fault}/geo-dvf/").text == http.get("/geo-dvf/").text
    missing = f"/faults/{fault}/geo-dvf/2019/communes/01/01004.csv"
    assert http.get(missing).status_code == 404


def test_the_api_of_places_leaves_arrondissements_out_unless_asked(http):
    communes = {place["code"] for place in http.get("/geo/communes").json()}
    assert {"75056", "01053"} <= communes
    assert "75111" not in communes
    asked = http.get("/geo/communes", params={"type": "arrondissement-municipal"}).json()
    assert len(asked) == 45
