"""Keys that operators hand out: seen once, known by a hash, gone when revoked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.domain import secret
from services.gateway.routes.entrance import finding
from tests.gateway.routes.conftest import Api, Make
from tests.support.database import Database

UNKNOWN = uuid4()
KEYS = "/admin/api-keys"
LAST_USE = "select last_used_at from gateway.api_key where id = $1"


async def make(api: Api, *scopes: str, name: str = "CRM") -> dict[str, Any]:
    answer = await api.post(KEYS, json={"name": name, "scopes": scopes or ["client"]})
    assert answer.status_code == 201
    return answer.json()


async def knock(api: Api, path: str, **headers: str) -> int:
    keys = {name.replace("_", "-"): key for name, key in headers.items()}
    names = [("X-API-Key", ""), ("X-Admin-Key", "")]
    answer = await api.get(path, headers={**dict(names), **keys})
    return answer.status_code


async def test_a_key_is_shown_once_and_kept_as_a_hash(api: Api, admin: Connection):
    made = await make(api)
    assert secret.is_whole(made["key"])
    assert made["prefix"] == made["key"][:8]
    assert made["scopes"] == ["client"]
    (row,) = await admin.fetch("select k::text as row, key_hash from gateway.api_key k")
    assert made["key"] not in row["row"]
    assert row["key_hash"] == sha256(made["key"].encode()).digest()
    (listed,) = (await api.get(KEYS)).json()
    assert listed == {name: value for name, value in made.items() if name != "key"}


async def test_a_key_that_is_asked_for_again_is_not_shown_again(api: Api, admin: Connection):
    body, headers = {"name": "CRM", "scopes": ["admin"]}, {"Idempotency-Key": "one"}
    first = (await api.post(KEYS, json=body, headers=headers)).json()
    again = await api.post(KEYS, json=body, headers=headers)
    assert again.status_code == 201
    assert again.json() == first | {"key": None}
    kept = await admin.fetchval("select convert_from(body, 'UTF8') from gateway.idempotency")
    assert first["key"] not in kept


@pytest.mark.parametrize(
    "scopes, header, path, status",
    [
        (["client"], "X_API_Key", "/api/cities", 200),
        (["client"], "X_Admin_Key", "/admin/api-keys", 401),
        (["admin"], "X_Admin_Key", "/admin/api-keys", 200),
        (["admin"], "X_API_Key", "/admin/api-keys", 401),
        (["admin"], "X_API_Key", "/api/cities", 401),
        (["client", "admin"], "X_API_Key", "/api/cities", 200),
        (["client", "admin"], "X_Admin_Key", "/admin/api-keys", 200),
    ],
)
async def test_a_key_opens_what_its_scopes_say(
    scopes: list[str], header: str, path: str, status: int, api: Api
):
    made = await make(api, *scopes)
    assert await knock(api, path, **{header: made["key"]}) == status


@pytest.mark.parametrize("header", ["X_API_Key", "X_Admin_Key"])
async def test_where_no_admin_key_is_set_a_scope_decides_all_the_same(header: str, make_api: Make):
    api = await make_api(admin_api_key="")
    client, admin_key = await make(api, "client"), await make(api, "admin")
    assert await knock(api, KEYS, **{header: client["key"]}) == 401
    assert await knock(api, KEYS, **{header: admin_key["key"]}) == 200


async def test_two_keys_live_while_one_takes_the_others_place(api: Api):
    old, new = await make(api, name="old"), await make(api, name="new")
    for key in (old, new):
        assert await knock(api, "/api/cities", X_API_Key=key["key"]) == 200
    assert (await api.delete(f"{KEYS}/{old['id']}")).status_code == 204
    assert await knock(api, "/api/cities", X_API_Key=old["key"]) == 401
    assert await knock(api, "/api/cities", X_API_Key=new["key"]) == 200


async def test_a_key_is_revoked_at_once_everywhere_and_again_without_effect(make_api: Make):
    here, there = await make_api(), await make_api()
    made = await make(here)
    assert await knock(there, "/api/cities", X_API_Key=made["key"]) == 200
    for _ in range(2):
        assert (await here.delete(f"{KEYS}/{made['id']}")).status_code == 204
    assert await knock(there, "/api/cities", X_API_Key=made["key"]) == 401
    (listed,) = (await here.get(KEYS)).json()
    first = listed["revoked_at"]
    await here.delete(f"{KEYS}/{made['id']}")
    assert (await here.get(KEYS)).json()[0]["revoked_at"] == first
    assert first


async def test_what_there_is_no_key_for_is_404(api: Api):
    answer = await api.delete(f"{KEYS}/{UNKNOWN}")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"API key {UNKNOWN} not found")
    assert (await api.delete(f"{KEYS}/nonsense")).status_code == 422


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["admin", "admin"]},
        {"key": "chosen by hand"},
    ],
)
async def test_a_wrong_key_to_be_is_422(changed: dict[str, Any], lonely: Api):
    answer = await lonely.post(KEYS, json={"name": "CRM", "scopes": ["client"], **changed})
    assert answer.status_code == 422


async def test_the_list_is_paged(api: Api):
    made = [await make(api, name=f"key {n}") for n in range(3)]
    page = await api.get(f"{KEYS}?limit=2")
    assert [key["id"] for key in page.json()] == [made[2]["id"], made[1]["id"]]
    assert page.headers["Link"] == f'<{KEYS}?limit=2&offset=2>; rel="next"'
    last = await api.get(f"{KEYS}?limit=2&offset=2")
    assert [key["id"] for key in last.json()] == [made[0]["id"]]
    assert "Link" not in last.headers


async def test_who_makes_and_revokes_keys_is_remembered(api: Api, admin: Connection):
    made = await make(api, "admin")
    headers = {"X-Admin-Key": made["key"], "X-Request-ID": "order-17"}
    await api.delete(f"{KEYS}/{made['id']}", headers=headers)
    rows = await admin.fetch("select actor, action, target, request_id from gateway.audit")
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("env:admin", "api_key.create"),
        (made["prefix"], "api_key.revoke"),
    ]
    assert {row["target"] for row in rows} == {made["id"]}
    assert rows[1]["request_id"] == "order-17"


async def test_the_last_use_is_known_to_the_minute(api: Api, admin: Connection, database: Database):
    made = await make(api)

    async def used() -> Any:
        return await admin.fetchval(LAST_USE, made["id"])

    async def until_later_than(before: Any) -> Any:
        while (now := await used()) == before:  # noqa: ASYNC110 - written beside the request
            await asyncio.sleep(0.01)
        return now

    await knock(api, "/api/cities", X_API_Key=made["key"])
    first = await until_later_than(None)
    await database.advance(timedelta(seconds=59))
    await knock(api, "/api/cities", X_API_Key=made["key"])
    await database.advance(timedelta(seconds=2))
    await knock(api, "/api/cities", X_API_Key=made["key"])
    assert timedelta(seconds=60) <= await until_later_than(first) - first < timedelta(seconds=70)


async def test_a_request_does_not_wait_for_its_last_use_to_be_written(
    api: Api, admin: Connection, database: Database
):
    made = await make(api)
    conn = await database.connect("gateway")

    @asynccontextmanager
    async def reading() -> AsyncGenerator[Connection]:
        await asyncio.sleep(0)
        yield conn

    async with admin.transaction():
        await admin.execute("lock table gateway.api_key in share mode")
        (known,) = await finding(reading)(made["prefix"])
        assert known.is_stale


async def test_keys_of_one_prefix_are_told_apart(api: Api, admin: Connection):
    made = await make(api)
    await admin.execute(
        """insert into gateway.api_key (name, prefix, key_hash, scopes)
           values ('twin', $1, $2, '{client,admin}')""",
        made["prefix"],
        sha256(b"another").digest(),
    )
    assert await knock(api, "/api/cities", X_API_Key=made["key"]) == 200
    assert await knock(api, KEYS, X_Admin_Key=made["key"]) == 401
