"""The link is the key: every path under it opens with it, and with no other."""

import re
from uuid import UUID, uuid4

import pytest

from services.gateway.repository import agent_links
from services.gateway.routes.agent.router import PAGES
from tests.gateway.agent.conftest import Agent, home
from tests.gateway.routes.conftest import Api
from tests.gateway.routes.delivered import address
from tests.gateway.routes.linking import page_of, token

FORMS = {"status": "sold", "since": "x", "add": "64260", "kinds": "land", "send_day": "3",
         "addresses_per_report": "3", "locale": "en", "confirmation": "oui"}  # fmt: skip


def routes() -> list[tuple[str, str]]:
    """Every method and path under a token, of the door `a`."""
    found = []
    for handler in PAGES:
        (path,) = handler.paths
        below = path.replace("{address_id:str}", address("a")).removesuffix("/")
        found += [(method, below) for method in handler.http_methods if method in {"GET", "POST"}]
    return sorted(found)


async def test_a_link_that_is_none_opens_and_changes_nothing(agent: Agent, other: Agent):
    await agent.deliver("a")
    unsubscribing = token("unsubscribe", agent.client_id)
    sure = token("page", agent.client_id)
    tokens = [
        "x", "A" * 48, unsubscribing, token("page", agent.client_id, days_ago=61), token("page", uuid4()),
        sure[:-1] + ("A" if sure[-1] != "A" else "B"),
    ]  # fmt: skip
    before = await agent.client()
    assert len(routes()) >= 15
    for wrong in tokens:
        for method, below in routes():
            form = FORMS if method == "POST" else None
            answer = await agent.http.request(method, f"/c/{wrong}{below}", data=form)
            assert (method, below, answer.status_code) == (method, below, 404)
            assert "location" not in answer.headers
    assert await agent.client() == before
    assert await agent.followed("a") is None


async def test_a_revoked_link_opens_and_changes_nothing(agent: Agent):
    await agent.deliver("a")
    old = page_of(agent.client_id, days_ago=1)
    await agent.admin.execute("set search_path = gateway, public")
    await agent_links.revoke(agent.admin, UUID(agent.client_id))

    for method, below in routes():
        answer = await agent.http.request(
            method, f"{old}{below}", data=FORMS if method == "POST" else None
        )
        assert (method, below, answer.status_code) == (method, below, 404)
    assert "n’est plus valable" in (await agent.http.get(old)).text
    assert await agent.followed("a") is None


async def test_every_answer_is_kept_found_and_framed_by_nobody(agent: Agent):
    await agent.deliver("a")
    for method, below in routes():
        answer = await agent.http.request(
            method, f"{agent.path}{below}", data=FORMS if method == "POST" else None
        )
        assert answer.status_code < 500, (method, below, answer.text)
        if below.endswith("/objection"):
            continue
        headers = answer.headers
        assert "no-store" in headers["Cache-Control"], below
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


async def test_without_postgresql_and_with_another_method(lonely: Api, agent: Agent):
    path = page_of(uuid4())
    for method, below in routes():
        answer = await lonely.request(method, f"{path}{below}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (await agent.http.delete(f"{agent.path}{home('a')}")).status_code == 405
    assert (await agent.http.get(f"{agent.path}/nothing")).status_code == 404


async def test_no_log_holds_a_link_or_a_note(agent: Agent, capfd: pytest.CaptureFixture[str]):
    await agent.deliver("a")
    await agent.post(home("a"), {"notes": "Jean-Paul Notable, 06 11 22 33 44"})
    for method, below in routes():
        await agent.http.request(
            method, f"{agent.path}{below}?q=Notable", data=FORMS if method == "POST" else None
        )
    said = "".join(capfd.readouterr())

    assert "address_followed" in said
    assert agent.path.rpartition("/")[2] not in said
    assert not re.search(r"Notable|06 11|REPUBLIQUE|Bourg", said)
