"""Mails as they would be, asked for through the interface."""

import asyncio
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.gateway.routes import waiting
from tests.gateway.routes.conftest import Api

WRITTEN = """
    update notifier.preview set state = 'ready', recipient = 'ada@agence.test', subject = 'Bonjour',
      headers = '{"Content-Language": "fr"}', text_body = 'Bonjour Ada',
      html_body = '<html><p>Bonjour Ada</p></html>', sample = false
"""


async def preview(
    api: Api, admin: Connection, path: str, *, sql: str = WRITTEN, **sent: Any
) -> Any:
    """Ask, and play the notifier."""

    async def play() -> None:
        while not await admin.fetchval("select count(*) from notifier.preview"):  # noqa: ASYNC110 - a row of another process
            await asyncio.sleep(0.01)
        await admin.execute(sql)

    answer, _ = await asyncio.gather(api.get(f"/admin/mails/preview/{path}", **sent), play())
    return answer


@pytest.mark.parametrize(
    "query, accept, media_type",
    [
        ("", "*/*", "text/html; charset=utf-8"),
        ("", "text/html,application/xhtml+xml;q=0.9", "text/html; charset=utf-8"),
        ("", "text/plain", "text/plain; charset=utf-8"),
        ("", "application/json", "application/json"),
        ("", "image/png", "text/html; charset=utf-8"),
        ("?format=text", "text/html", "text/plain; charset=utf-8"),
        ("?format=json", "text/html", "application/json"),
        ("?format=html", "application/json", "text/html; charset=utf-8"),
    ],
)
async def test_it_comes_as_it_is_asked_for(
    api: Api, admin: Connection, query: str, accept: str, media_type: str
):
    answer = await preview(api, admin, f"welcome{query}", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    assert "Bonjour Ada" in answer.text


async def test_the_page_runs_nothing_and_loads_nothing(api: Api, admin: Connection):
    answer = await preview(api, admin, "welcome")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert answer.text == "<html><p>Bonjour Ada</p></html>"


async def test_the_whole_mail_as_json(api: Api, admin: Connection, client_id: str):
    path = f"notification?client_id={client_id}&locale=en&format=json"

    answer = await preview(api, admin, path)

    assert answer.json() == {
        "kind": "notification",
        "client_id": client_id,
        "sample": False,
        "recipient": "ada@agence.test",
        "subject": "Bonjour",
        "headers": {"Content-Language": "fr"},
        "text_body": "Bonjour Ada",
        "html_body": "<html><p>Bonjour Ada</p></html>",
    }
    asked = await admin.fetchrow("select kind, client_id, locale from notifier.preview")
    assert asked is not None
    assert (asked["kind"], str(asked["client_id"]), asked["locale"]) == (
        "notification", client_id, "en",
    )  # fmt: skip
    assert await admin.fetchval("select count(*) from notifier.mail") == 0


async def test_what_cannot_be_written_says_why(api: Api, admin: Connection):
    sql = "update notifier.preview set state = 'failed', error = 'the client is gone'"

    answer = await preview(api, admin, "welcome", sql=sql)

    assert answer.status_code == 409
    assert "the client is gone" in answer.json()["detail"]


async def test_a_notifier_that_is_away_is_said_to_be(
    api: Api, admin: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.1)

    answer = await api.get("/admin/mails/preview/config")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    "path, status",
    [
        ("letter", 422),
        ("test", 422),
        ("welcome?client_id=1", 422),
        ("welcome?locale=de", 422),
        ("welcome?format=pdf", 422),
        ("welcome?client_id=0199c0de-0000-7000-8000-00000000dead", 404),
    ],
)
async def test_what_there_is_no_preview_of(api: Api, admin: Connection, path: str, status: int):
    answer = await api.get(f"/admin/mails/preview/{path}")

    assert answer.status_code == status
    assert await admin.fetchval("select count(*) from notifier.preview") == 0
