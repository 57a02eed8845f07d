"""A key has so many requests an hour, whichever gateway it asks."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import (
    API_KEY,
    Api,
    Make,
    application,
    away,
    registration,
    speak_to,
)
from tests.support.database import Database

UNKNOWN = f"/api/job-status/{uuid4()}"


async def test_gateways_on_one_database_let_in_exactly_so_many(make_api: Make):
    apis = [await make_api(rate_limit_enabled=True, rate_limit_requests=50) for _ in range(4)]
    answers = await asyncio.gather(*(api.get(UNKNOWN) for _ in range(50) for api in apis))
    assert Counter(answer.status_code for answer in answers) == {404: 50, 429: 150}
    left = sorted(int(a.headers["RateLimit-Remaining"]) for a in answers if a.status_code == 404)
    assert left == list(range(50))


async def test_an_answer_tells_what_is_left(make_api: Make):
    api = await make_api(rate_limit_enabled=True)
    for path, status, left in ((UNKNOWN, 404, "99"), ("/api/cities?q=x&limit=x", 422, "98")):
        answer = await api.get(path)
        assert answer.status_code == status
        assert answer.headers["RateLimit-Policy"] == "100;w=3600"
        assert answer.headers["RateLimit-Limit"] == "100"
        assert answer.headers["RateLimit-Remaining"] == left
        assert 3590 <= int(answer.headers["RateLimit-Reset"]) <= 3600


async def test_one_too_many_is_told_when_to_come_back(make_api: Make, database: Database):
    api = await make_api(rate_limit_enabled=True, rate_limit_requests=1, rate_limit_window=60)
    await api.get(UNKNOWN)
    refused = await api.get(UNKNOWN)
    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["RateLimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 50 <= wait <= 60
    assert refused.json()["type"] == "/docs/problems#too-many"
    assert f"try again in {wait} s" in refused.json()["detail"]
    await database.advance(timedelta(seconds=60))
    assert (await api.get(UNKNOWN)).status_code == 404


async def test_what_is_refused_is_not_done(make_api: Make, admin: Connection):
    api = await make_api(rate_limit_enabled=True, rate_limit_requests=1)
    assert (await api.post("/api/clients", json=registration())).status_code == 201
    again = registration(email="another@agence.example")
    assert (await api.post("/api/clients", json=again)).status_code == 429
    assert await admin.fetchval("select count(*) from gateway.client") == 1


async def test_a_refused_key_costs_nothing(make_api: Make, database: Database):
    api = await make_api(rate_limit_enabled=True)
    refused = await api.get(UNKNOWN, headers={"X-API-Key": "wrong"})
    assert refused.status_code == 401
    assert "RateLimit-Limit" not in refused.headers
    conn = await database.connect("gateway")
    assert not await conn.fetchval("select exists (select from rate)")


async def test_health_documents_and_administration_are_not_counted(
    make_api: Make, database: Database
):
    api = await make_api(rate_limit_enabled=True)
    paths = ("/health", "/api/health", "/live", "/ready", "/docs", "/openapi.json", "/admin/health")
    for path in paths:
        answer = await api.get(path)
        assert (answer.status_code, "RateLimit-Limit" in answer.headers) == (200, False), path
    conn = await database.connect("gateway")
    assert not await conn.fetchval("select exists (select from rate)")


async def test_the_key_itself_stands_nowhere(make_api: Make, admin: Connection):
    api = await make_api(rate_limit_enabled=True)
    await api.get(UNKNOWN)
    assert API_KEY not in str(await admin.fetchrow("select r::text from gateway.rate r"))


async def test_without_a_limit_nothing_is_counted_or_told(api: Api, admin: Connection):
    answer = await api.get(UNKNOWN)
    assert "RateLimit-Limit" not in answer.headers
    assert await admin.fetchval("select count(*) from gateway.rate") == 0


async def test_who_cannot_be_counted_is_told_to_come_back():
    app = application(reading=away, writing=away, count=away, rate_limit_enabled=True)
    answer = await speak_to(app).get("/api/cities?q=lyon")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
