from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api


async def ask(api: Api, **body: Any) -> Any:
    return await api.post("/admin/imports", json=body)


async def test_an_import_is_queued_and_can_be_followed(api: Api, admin: Connection):
    answer = await ask(api, department="01")

    assert answer.status_code == 202
    queued = answer.json()
    assert queued == {"id": str(UUID(queued["id"])), "href": f"/admin/imports/{queued['id']}"}
    assert (await api.get(queued["href"])).json() == {
        "state": "queued", "done": 0, "total": 0, "error": None,
    }  # fmt: skip


async def test_its_state_is_the_refreshs(api: Api, admin: Connection):
    href = (await ask(api, department="2A")).json()["href"]
    await admin.execute(
        "update scraper.refresh set state = 'failed', error = '2019: broken', done = 3, total = 18"
    )

    answer = await api.get(href)

    assert answer.json() == {"state": "failed", "done": 3, "total": 18, "error": "2019: broken"}


async def test_one_department_is_imported_once_at_a_time(api: Api, admin: Connection):
    first, again, other = [
        (await ask(api, department=code)).json()["id"] for code in ("01", "01", "64")
    ]
    await admin.execute("update scraper.refresh set state = 'done'")

    assert first == again != other
    assert (await ask(api, department="01")).json()["id"] != first


async def test_who_joins_an_import_adds_to_its_years(api: Api, admin: Connection):
    await ask(api, department="01", years=[2020, 2019])
    await ask(api, department="01", years=[2021, 2019])
    some = await admin.fetch("select first_year, years from scraper.refresh")
    await ask(api, department="01")
    usual = await admin.fetch("select first_year, years from scraper.refresh")

    assert [tuple(row) for row in some] == [(9999, [2019, 2020, 2021])]
    assert [tuple(row) for row in usual] == [(0, [2019, 2020, 2021])]


@pytest.mark.parametrize(
    "body, pointer, detail",
    [
        ({"department": "67"}, "/department", "not public: no land register"),
        ({"department": "99"}, "/department", "No commune of the department 99 is known"),
        ({"department": "Ain"}, "/department", "regex"),
        ({"department": 1}, "/department", "str"),
        ({}, "/department", "required"),
        ({"department": "01", "years": []}, "/years", "length"),
        ({"department": "01", "years": [2019, 2019]}, "/years", "twice"),
        ({"department": "01", "years": [2013]}, "/years", "public sales of 2014 to"),
        ({"department": "01", "years": [2019, 2400]}, "/years", "public sales of 2014 to"),
        ({"department": "01", "years": ["2019"]}, "/years/0", "int"),
        ({"department": "01", "year": 2019}, "/year", "not a field"),
    ],
)
async def test_what_cannot_be_imported_is_refused_with_the_reason(
    api: Api, admin: Connection, body: dict[str, Any], pointer: str, detail: str
):
    answer = await ask(api, **body)

    [fault] = answer.json()["errors"]
    assert answer.status_code == 422
    assert fault["pointer"] == pointer
    assert detail in fault["detail"]
    assert await admin.fetchval("select count(*) from scraper.refresh") == 0


async def test_only_imports_are_found(api: Api, admin: Connection):
    of_a_city = await admin.fetchval(
        "insert into scraper.refresh (insee_code, first_year) values ('01053', 2018) returning id"
    )

    for other in (of_a_city, uuid4()):
        assert (await api.get(f"/admin/imports/{other}")).status_code == 404
    assert (await api.get("/admin/imports/latest")).status_code == 422


async def test_imports_are_for_operators(api: Api, admin: Connection):
    del api.headers["X-Admin-Key"]

    assert (await ask(api, department="01")).status_code == 401
    assert (await api.get(f"/admin/imports/{uuid4()}")).status_code == 401
