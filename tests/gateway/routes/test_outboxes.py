"""What was published is published once more, and has no second effect."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.consumer import consume
from libs.common.postgres import Connection
from tests.common.consuming import announce, consumer, erased, message, outbox
from tests.gateway.routes.conftest import Api
from tests.support.database import Database

SERVICES = ("gateway", "scraper", "assigner", "notifier", "scheduler")
SAID = """
    insert into {}.outbox (topic, key, type, payload, created_at, published_at) values
      ('t', 'k', 'new', '', public.clock() - interval '1 hour', public.clock()),
      ('t', 'k', 'fresh', '', public.clock() - interval '29 days', public.clock()),
      ('t', 'k', 'old', '', public.clock() - interval '31 days', public.clock()),
      ('t', 'k', 'waiting', '', public.clock(), null)
"""
AUDIT = "select action, target, actor, detail from gateway.audit"


@pytest.fixture
async def said(admin: Connection) -> None:
    for service in SERVICES:
        await admin.execute(SAID.format(service))


def ago(**back: float) -> str:
    return (datetime.now(UTC) - timedelta(**back)).isoformat()


async def waiting(admin: Connection, service: str) -> set[str]:
    rows = await admin.fetch(f"select type from {service}.outbox where published_at is null")  # noqa: S608 - ours
    return {row["type"] for row in rows}


async def replay(api: Api, **asked: Any) -> Any:
    return await api.post("/admin/outbox/replay", json=asked)


@pytest.mark.usefixtures("said")
async def test_all_outboxes_are_said_again_since_then(api: Api, admin: Connection):
    answer = await replay(api, since=ago(hours=2))

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["events"] == dict.fromkeys(SERVICES, 1)
    assert body["message"] == "5 events will be published again; who knows them does nothing"
    for service in SERVICES:
        assert await waiting(admin, service) == {"new", "waiting"}


@pytest.mark.usefixtures("said")
async def test_no_more_than_thirty_days_of_one_outbox(api: Api, admin: Connection):
    answer = await replay(api, since="0001-01-01T00:00:00+14:00", service="notifier")

    assert answer.json()["events"] == {"notifier": 2}
    told = datetime.fromisoformat(answer.json()["since"])
    assert timedelta(days=29.9) < datetime.now(UTC) - told < timedelta(days=30.1)
    assert await waiting(admin, "notifier") == {"new", "fresh", "waiting"}
    assert await waiting(admin, "scraper") == {"waiting"}


@pytest.mark.usefixtures("said")
async def test_who_did_it_is_remembered(api: Api, admin: Connection):
    since = (await replay(api, since=ago(hours=2), service="scraper")).json()["since"]

    [row] = await admin.fetch(AUDIT)
    assert tuple(row)[:3] == ("outbox.replay", "scraper", "env:admin")
    assert row["detail"]["events"] == {"scraper": 1}
    assert datetime.fromisoformat(row["detail"]["since"]) == datetime.fromisoformat(since)


async def test_what_is_said_again_has_no_second_effect(api: Api, database: Database):
    conn = await database.connect("assigner")
    assigner = consumer(announce)
    event = message(erased())
    await consume(conn, assigner, [event])
    await conn.execute("update outbox set published_at = public.clock()")
    before = await outbox(conn)

    assert (await replay(api, since=ago(minutes=5))).json()["events"]["assigner"] == 1
    await consume(conn, assigner, [event])

    assert len(before) == 1
    assert await outbox(conn) == before


@pytest.mark.usefixtures("said")
async def test_the_same_request_sent_again_replays_once(api: Api, admin: Connection):
    headers, body = {"Idempotency-Key": str(uuid4())}, {"since": ago(hours=2)}
    first = await api.post("/admin/outbox/replay", json=body, headers=headers)
    await admin.execute("update scraper.outbox set published_at = public.clock()")
    again = await api.post("/admin/outbox/replay", json=body, headers=headers)

    assert again.json() == first.json()
    assert await waiting(admin, "scraper") == set()


@pytest.mark.parametrize(
    "asked, pointer",
    [
        ({}, "/since"),
        ({"since": "yesterday"}, "/since"),
        ({"since": "2026-11-21T08:00:00"}, "/since"),
        ({"since": ago(hours=-1)}, "/since"),
        ({"since": ago(hours=1), "service": "billing"}, "/service"),
        ({"since": ago(hours=1), "until": ago(hours=0)}, "/until"),
    ],
)
async def test_a_wrong_wish_is_refused(api: Api, asked: dict[str, str], pointer: str):
    answer = await replay(api, **asked)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_outboxes_are_for_operators(api: Api):
    del api.headers["X-Admin-Key"]
    assert (await replay(api, since=ago(hours=1))).status_code == 401
