"""A POST that is sent again has its effect once and its answer each time."""

import asyncio
import re
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from libs.common.postgres import Connection
from services.gateway.repository import idempotency
from services.gateway.routes.examples import BODIES
from tests.gateway.routes.conftest import Api, Make, registration
from tests.support.database import Database

CLIENTS = "select count(*) from gateway.client"
ROWS = "select count(*) from gateway.idempotency"
WAITING = "select exists (select from pg_locks where not granted)"


async def register(api: Api, key: str | None, **changed: Any) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await api.post("/api/clients", json=registration(**changed), headers=headers)


async def add(api: Api, client_id: str, key: str, count: int = 5) -> httpx.Response:
    body = {"client_id": client_id, "count": count}
    return await api.post("/api/add-addresses", json=body, headers={"Idempotency-Key": key})


async def test_the_same_request_gets_the_same_answer_and_no_second_effect(
    api: Api, admin: Connection
):
    first, again = await register(api, "one"), await register(api, "one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    for name in ("Location", "ETag", "Content-Type"):
        assert first.headers[name] == again.headers[name]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert await admin.fetchval(CLIENTS) == 1


async def test_of_fifty_at_once_one_has_an_effect(make_api: Make, admin: Connection):
    apis = [await make_api() for _ in range(4)]
    client_id = (await apis[0].post("/api/clients", json=registration())).json()["client_id"]

    answers = await asyncio.gather(*(add(apis[n % 4], client_id, "one") for n in range(50)))

    assert await admin.fetchval("select count(*) from gateway.job") == 1
    assert Counter(a.status_code for a in answers).keys() <= {200, 409}
    assert len({a.json()["job_id"] for a in answers if a.status_code == 200}) == 1
    for refused in (a for a in answers if a.status_code == 409):
        assert refused.headers["Retry-After"] == "1"
        assert refused.json()["type"] == "/docs/problems#in-flight"
    assert (await add(apis[0], client_id, "one")).status_code == 200


async def test_while_it_is_being_done_the_same_request_is_told_to_wait(api: Api, admin: Connection):
    async with admin.transaction():
        await admin.execute("lock table gateway.client in exclusive mode")
        first = asyncio.create_task(register(api, "one"))
        while not await admin.fetchval(WAITING):  # noqa: ASYNC110 - a lock that waits is no event
            await asyncio.sleep(0.01)
        second = await register(api, "one")
    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert (await first).status_code == 201
    assert (await register(api, "one")).json() == (await first).json()


async def test_another_body_under_the_same_key_is_refused(api: Api, admin: Connection):
    await register(api, "one")
    other = await register(api, "one", email="another@agence.example")
    assert other.status_code == 422
    assert other.json()["type"] == "/docs/problems#key-reused"
    assert other.json()["errors"][0]["pointer"] == "/Idempotency-Key"
    assert other.json()["errors"][0]["in"] == "header"
    assert await admin.fetchval(CLIENTS) == 1


async def test_keys_of_two_callers_have_nothing_in_common(make_api: Make, admin: Connection):
    api = await make_api(admin_api_key="")
    made = await api.post("/admin/api-keys", json={"name": "other", "scopes": ["client"]})
    await register(api, "one")
    api.headers["X-API-Key"] = made.json()["key"]
    assert (await register(api, "one", email="another@agence.example")).status_code == 201


async def test_keys_of_two_operations_have_nothing_in_common(api: Api, client_id: str):
    assert (await add(api, client_id, "one")).status_code == 200
    body, headers = {"client_id": client_id}, {"Idempotency-Key": "one"}
    other = await api.post("/api/process-client", json=body, headers=headers)
    assert other.status_code == 200
    assert "Idempotent-Replayed" not in other.headers


async def test_what_is_refused_may_be_sent_again(api: Api, admin: Connection):
    unknown = str(uuid4())
    assert (await add(api, unknown, "one")).status_code == 404
    assert (await register(api, "two", chosen_cities=["99999"])).status_code == 422
    assert await admin.fetchval(ROWS) == 0
    assert (await register(api, "two")).status_code == 201


async def test_an_answer_is_kept_for_a_day(
    api: Api, database: Database, client_id: str, admin: Connection
):
    conn = await database.connect("gateway")
    first = await add(api, client_id, "one")
    await database.advance(timedelta(hours=23, minutes=59))
    assert (await add(api, client_id, "one")).json() == first.json()
    assert await idempotency.prune(conn) == 0
    await database.advance(timedelta(minutes=1))
    anew = await add(api, client_id, "one", count=6)
    assert anew.json()["job_id"] != first.json()["job_id"]
    await database.advance(timedelta(days=1))
    assert await idempotency.prune(conn) == 1
    assert await admin.fetchval(ROWS) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b", "clé", "\t"])
async def test_a_key_that_nobody_can_read_is_refused(key: str, lonely: Api):
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answer = await lonely.post("/api/clients", json=registration(), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["in"] == "header"


async def test_the_longest_key_is_a_key(api: Api, admin: Connection):
    assert (await register(api, "~ " + "x" * 253)).status_code == 201
    assert await admin.fetchval(ROWS) == 1


async def test_without_a_key_nothing_is_kept(api: Api, client_id: str, admin: Connection):
    assert await admin.fetchval(ROWS) == 0


async def test_what_is_kept_of_a_client_is_forgotten_with_it(
    api: Api, database: Database, admin: Connection
):
    kept = await register(api, "one")
    await register(api, "two", email="another@agence.example")
    conn = await database.connect("gateway")
    await idempotency.erase(conn, UUID(kept.json()["client_id"]))
    rows = await admin.fetch("select convert_from(body, 'UTF8') as body from gateway.idempotency")
    assert [("another@" in row["body"]) for row in rows] == [True]


async def test_every_post_minds_its_key(lonely: Api, lonely_app: Litestar):
    words = {"service": "scraper", "insee": "01053"}
    posts = [
        (route.path, handler.handler_name)
        for route in lonely_app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "POST" in handler.http_methods and route.path.startswith(("/api", "/admin"))
    ]
    heedless = []
    for path, name in posts:
        filled = re.sub(r"\{(\w+):\w+\}", lambda found: words.get(found[1], str(uuid4())), path)
        headers = {"Idempotency-Key": "x" * 256}
        answer = await lonely.post(filled, json=BODIES.get(name), headers=headers)
        if (answer.status_code, "Idempotency-Key" in answer.text) != (422, True):
            heedless.append((path, answer.text))
    assert posts
    assert heedless == []
