"""A city read anew because an operator asks for it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.routes.registration import city_id
from tests.gateway.routes.conftest import Api


async def ask(api: Api, city: str, **headers: str) -> Any:
    return await api.post(f"/admin/cities/{city}/refresh", headers=headers)


async def test_a_refresh_is_queued_and_can_be_followed(api: Api, admin: Connection):
    answer = await ask(api, "01053")

    assert answer.status_code == 202
    queued = answer.json()
    assert queued == {"id": str(UUID(queued["id"])), "href": f"/admin/refreshes/{queued['id']}"}
    assert (await api.get(queued["href"])).json() == {
        "state": "queued", "done": 0, "total": 0, "error": None,
    }  # fmt: skip
    etag = (await api.get(queued["href"])).headers["ETag"]
    same = await api.get(queued["href"], headers={"If-None-Match": etag})
    assert same.status_code == 304
    await admin.execute(
        "update scraper.refresh set state = 'failed', error = '2019: broken', done = 3, total = 9"
    )
    assert (await api.get(queued["href"])).json() == {
        "state": "failed", "done": 3, "total": 9, "error": "2019: broken",
    }  # fmt: skip


async def test_a_city_can_be_named_by_its_id_and_by_an_old_code(api: Api, admin: Connection):
    named = [await ask(api, name) for name in ("01053", str(city_id("01053")), "01999")]

    assert len({answer.json()["id"] for answer in named}) == 1
    assert await admin.fetchval("select insee_code from scraper.refresh") == "01053"
    assert (await ask(api, "2a004")).status_code == 202


async def test_all_parts_of_lyon_are_read_under_one_id(api: Api, admin: Connection):
    answers = await asyncio.gather(*(ask(api, "69123") for _ in range(5)))

    [href] = {answer.json()["href"] for answer in answers}
    codes = await admin.fetch("select insee_code from scraper.refresh order by 1")
    assert [row["insee_code"] for row in codes] == ["69381", "69382"]
    await admin.execute(
        "update scraper.refresh set state = 'done', done = 4, total = 4 where insee_code = '69381'"
    )
    assert (await api.get(href)).json() == {
        "state": "running", "done": 4, "total": 4, "error": None,
    }  # fmt: skip


async def test_the_same_key_is_the_same_answer(api: Api, admin: Connection):
    key = {"Idempotency-Key": "k1"}
    first = await ask(api, "01053", **key)
    await admin.execute("update scraper.refresh set state = 'done'")
    again = await ask(api, "01053", **key)

    assert (again.status_code, again.json()) == (202, first.json())
    assert await admin.fetchval("select count(*) from scraper.refresh") == 1


async def test_it_is_remembered_who_asked(api: Api, admin: Connection):
    answer = await ask(api, "01053")

    [row] = await admin.fetch("select actor, action, target, detail from gateway.audit")
    assert tuple(row) == (
        "env:admin", "city.refresh", answer.json()["id"], {"insee_code": "01053"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "city, status, detail",
    [
        ("99999", 404, "City 99999 not found"),
        ("0199c0de-0000-7000-8000-00000000dead", 404, "not found"),
        ("67482", 422, "Strasbourg (67482) is not covered: no land register"),
        ("Bourg", 422, "is neither an INSEE code nor a city_id"),
        ("1053", 422, "is neither an INSEE code nor a city_id"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_reason(
    api: Api, admin: Connection, city: str, status: int, detail: str
):
    answer = await ask(api, city)

    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert await admin.fetchval("select count(*) from scraper.refresh") == 0
    assert await admin.fetchval("select count(*) from gateway.audit") == 0


async def test_before_the_cities_are_known_it_is_too_early(api: Api):
    assert (await ask(api, "01053")).status_code == 503


async def test_only_refreshes_are_found(api: Api, admin: Connection):
    href = (await api.post("/admin/imports", json={"department": "01"})).json()["href"]
    imported = href.rpartition("/")[2]

    for other in (imported, uuid4()):
        assert (await api.get(f"/admin/refreshes/{other}")).status_code == 404
    assert (await api.get("/admin/refreshes/latest")).status_code == 422


async def test_refreshes_are_for_operators(api: Api, admin: Connection):
    del api.headers["X-Admin-Key"]

    assert (await ask(api, "01053")).status_code == 401
    assert (await api.get(f"/admin/refreshes/{uuid4()}")).status_code == 401
