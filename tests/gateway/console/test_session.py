"""Who is let into the console, and for how long."""

from datetime import timedelta
from hashlib import sha256
from http.cookies import SimpleCookie
from typing import Any

import pytest

from services.gateway.main import prune
from services.gateway.repository.connections import Connections
from services.gateway.routes import throttle
from services.gateway.routes.console.sign_in import local
from tests.gateway.console.conftest import ADMIN_KEY, Console, Visitor
from tests.gateway.routes.conftest import API_KEY, settings, speak_to

NOWHERE = "/console/nowhere"
"""A page that is none: 404 says that one is let in."""


async def rows(console: Console, statement: str) -> list[tuple[Any, ...]]:
    connection = await console.database.connect("gateway")
    return [tuple(row) for row in await connection.fetch(statement)]


async def is_in(console: Console) -> bool:
    answer = await console.get(NOWHERE)
    assert answer.status_code in {303, 404}
    return answer.status_code == 404


async def handed_out(console: Console, *scopes: str) -> tuple[str, str]:
    """A key of our list, and its id, made by whoever holds the configured one."""
    headers = {"X-Admin-Key": ADMIN_KEY}
    body = {"name": "Ada", "scopes": scopes}
    made = (await console.http.post("/admin/api-keys", json=body, headers=headers)).json()
    return made["key"], made["id"]


async def test_a_page_leads_to_the_sign_in_and_back(visitor: Visitor):
    console = await visitor()
    asked = await console.get("/console/jobs?status=failed")
    assert asked.status_code == 303
    assert (await console.get(asked.headers["location"])).status_code == 200

    form = {"key": ADMIN_KEY, "next": "/console/jobs?status=failed"}
    answer = await console.http.post("/console/sign-in", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/jobs?status=failed")


async def test_the_sign_in_keeps_in_mind_where_to_go(visitor: Visitor):
    console = await visitor()

    page = await console.get("/console/sign-in?next=/console/jobs%3Fa%3D1%26b%3D2")

    assert 'name="next" value="/console/jobs?a=1&amp;b=2"' in page.text


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/consoleevil", "javascript:alert(1)",
     "/console\n/x", "/admin/jobs", "", "/console/jobs\r\nSet-Cookie: a=b", "/console/é"],
)  # fmt: skip
def test_it_leads_nowhere_else(path: str):
    assert local(path) == "/console"


async def test_what_acts_without_a_session_is_refused(visitor: Visitor):
    console = await visitor()

    answer = await console.http.post("/console/sign-out", data={"csrf": "0"})

    assert answer.status_code == 403
    assert "This is refused to you" in answer.text


async def test_a_wrong_key_is_refused_with_a_sentence(visitor: Visitor):
    console = await visitor()

    for key in ("wrong", "", API_KEY, "é" * 1000, "\x00"):
        answer = await console.sign_in(key)
        assert answer.status_code == 401, key
        assert "does not open the console" in answer.text
        assert "set-cookie" not in answer.headers
    assert await rows(console, "select 1 from console_session") == []


async def test_without_an_admin_key_the_api_key_is_one(visitor: Visitor):
    console = await visitor(admin_api_key="")

    assert (await console.sign_in(API_KEY)).status_code == 303
    assert await is_in(console)


async def test_who_tries_too_often_waits(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "MOST", 3)
    console = await visitor()
    for _ in range(3):
        assert (await console.sign_in("wrong")).status_code == 401

    refused = await console.sign_in("wrong")

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "wait a minute" in refused.text
    assert (await console.sign_in()).status_code == 303  # the right key is let in all the same


async def test_the_cookie_tells_nothing_and_only_its_hash_is_kept(visitor: Visitor):
    console = await visitor()

    answer = await console.sign_in()

    cookie = SimpleCookie(answer.headers["set-cookie"])["trackimmo-console"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    assert (cookie["max-age"], cookie["secure"]) == ("43200", "")
    assert len(cookie.value) == 43  # 256 bits
    kept = await rows(console, "select token_hash, actor from console_session")
    assert kept == [(sha256(cookie.value.encode()).digest(), "env:admin")]


async def test_over_https_the_cookie_is_for_this_host_alone(visitor: Visitor):
    console = await visitor(public_base_url="https://trackimmo.example")

    answer = await console.sign_in()

    cookie = SimpleCookie(answer.headers["set-cookie"])["__Host-trackimmo-console"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    headers = {"Cookie": f"__Host-trackimmo-console={cookie.value}"}
    assert (await console.get(NOWHERE, headers=headers)).status_code == 404


async def test_signing_in_and_out_is_audited(console: Console):
    answer = await console.post("/console/sign-out")

    assert answer.headers["location"] == "/console/sign-in"
    assert await rows(console, "select actor, action, target from audit order by at, id") == [
        ("env:admin", "console.sign_in", "env:admin"),
        ("env:admin", "console.sign_out", "env:admin"),
    ]


async def test_after_signing_out_the_cookie_opens_nothing(console: Console):
    copied = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in console.http.cookies.items())
    }
    await console.post("/console/sign-out")

    assert not await is_in(console)
    assert (await console.get(NOWHERE, headers=copied)).status_code == 303


async def test_signing_in_anew_ends_the_session_before(console: Console):
    await console.sign_in()

    assert len(await rows(console, "select 1 from console_session")) == 1
    assert await is_in(console)


@pytest.mark.parametrize("hours, looks", [(1, 11), (2, 0)])
async def test_a_session_ends_after_half_a_day_and_without_use(
    console: Console, hours: int, looks: int
):
    for _ in range(looks):
        await console.database.advance(timedelta(hours=hours))
        assert await is_in(console)

    await console.database.advance(timedelta(hours=hours))

    assert not await is_in(console)


async def test_a_revoked_key_ends_its_sessions_everywhere(visitor: Visitor):
    first, second = await visitor(), await visitor()
    key, key_id = await handed_out(first, "admin")
    assert (await first.sign_in(key)).status_code == 303
    second.http.cookies = first.http.cookies  # the other replica is asked
    assert await is_in(second)

    await first.http.delete(f"/admin/api-keys/{key_id}", headers={"X-Admin-Key": ADMIN_KEY})

    assert not await is_in(second)
    assert not await is_in(first)


async def test_a_clients_key_opens_no_console(visitor: Visitor):
    console = await visitor()
    key, _ = await handed_out(console, "client")

    assert (await console.sign_in(key)).status_code == 401


async def test_a_key_that_is_configured_no_more_ends_its_sessions(
    console: Console, visitor: Visitor
):
    restarted = await visitor(admin_api_key="another-key-for-operators")
    restarted.http.cookies = console.http.cookies

    assert not await is_in(restarted)


async def test_the_console_is_not_counted_by_the_rate_limit(visitor: Visitor):
    console = await visitor(rate_limit_enabled=True, rate_limit_requests=1)
    await console.sign_in()

    for _ in range(3):
        answer = await console.get(NOWHERE)
        assert answer.status_code == 404
        assert "RateLimit-Limit" not in answer.headers


async def test_a_session_opens_the_console_alone(console: Console):
    assert (await console.get("/admin/jobs")).status_code == 401
    assert (await console.get("/api/cities?q=bourg")).status_code == 401


async def test_sessions_that_have_ended_are_forgotten(console: Console):
    await console.database.advance(timedelta(hours=3))
    connection = await console.database.connect("gateway")

    async def lent() -> Any:
        return connection

    await prune(Connections(lent, size=1).lend, settings())

    assert await rows(console, "select 1 from console_session") == []


async def test_the_language_is_the_browsers_until_one_is_chosen(console: Console):
    assert '<html lang="en">' in (await console.get(NOWHERE)).text

    chosen = await console.post("/console/language", {"locale": "fr", "next": NOWHERE})

    assert chosen.headers["location"] == NOWHERE
    assert '<html lang="fr">' in (await console.get(NOWHERE)).text


async def test_without_postgresql_the_page_says_so(console: Console, lonely_app: Any):
    away = speak_to(lonely_app)
    away.cookies = console.http.cookies

    answer = await away.get("/console/jobs")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "text/html" in answer.headers["content-type"]
