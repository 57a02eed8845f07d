"""The simulated geocoder speaks the real one's format, and says the same every time."""

import csv
import io
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from deploy.simulator import Publisher, serving
from deploy.simulator.geocoder import FAULTS

TABLE = (
    "id,adresse,ville,code,lat,lon\n"
    '1,12 bis rue de la République,"Bourg-en-Bresse",01053,46.2,5.22\n'
    "2,8 avenue du Prado,Marseille,13208,,\n"
    "3,8 avenue du Prado,Nulle Part,99999x,,\n"
    "4,,,01053,46.2,5.22\n"
)
REAL_COLUMNS = [
    "longitude", "latitude", "result_score", "result_score_next", "result_label", "result_type",
    "result_id", "result_housenumber", "result_name", "result_street", "result_postcode",
    "result_city", "result_context", "result_citycode", "result_oldcitycode", "result_oldcity",
    "result_district", "result_status",
]  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Generator[Publisher]:
    with serving() as publisher:
        yield publisher


def post(site: Publisher, path: str = "/geocodage/search/csv", **fields: Any) -> httpx.Response:
    form = {"columns": ["adresse", "ville"], "citycode": "code", "lat": "lat", "lon": "lon"}
    return httpx.post(
        f"{site.url}{path}",
        data=form | fields,
        files={"data": ("a.csv", TABLE.encode(), "text/csv")},
    )


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_columns_are_the_real_ones_behind_those_that_were_sent(site: Publisher):
    answer = post(site)

    assert answer.status_code == 200
    assert list(rows(answer)[0]) == ["id", "adresse", "ville", "code", "lat", "lon", *REAL_COLUMNS]


def test_doors_are_found_and_what_is_no_address_is_not(site: Publisher):
    bourg, marseille, nowhere, blank = rows(post(site))

    assert (bourg["result_status"], bourg["result_housenumber"]) == ("ok", "12bis")
    assert (bourg["result_name"], bourg["result_citycode"]) == (
        "12bis Rue de la République",
        "01053",
    )
    assert abs(float(bourg["latitude"]) - 46.2) < 0.001
    assert abs(float(marseille["latitude"]) - 43.2482) < 0.01
    assert nowhere["result_status"] == "not-found"
    assert blank["result_status"] in {"skipped", "not-found"}


def test_only_wanted_columns_are_added(site: Publisher):
    answer = post(site, result_columns=["latitude", "result_status"])

    assert list(rows(answer)[0])[6:] == ["latitude", "result_status"]


def test_the_same_table_has_the_same_answer(site: Publisher):
    assert post(site).content == post(site).content


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"slow"}))
def test_a_fault_is_another_answer(site: Publisher, fault: str):
    answer = post(site, f"/faults/{fault}/geocodage/search/csv")

    assert answer.content != post(site).content
    assert (answer.status_code, answer.headers.get("Retry-After")) == {
        "429": (429, "5"),
        "500": (500, None),
    }.get(fault, (200, None))


def test_a_form_without_a_table_is_refused(site: Publisher):
    assert httpx.post(f"{site.url}/geocodage/search/csv", data={"columns": "a"}).status_code == 400
    assert httpx.post(f"{site.url}/faults/none/geocodage/search/csv").status_code == 404
