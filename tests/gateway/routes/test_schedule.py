from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, registration


@pytest.fixture
async def today(admin: Connection) -> date:
    (row,) = await admin.fetch("select (public.clock() at time zone 'Europe/Paris')::date as today")
    return row["today"]


async def run(api: Api, day: date, **more: Any) -> Any:
    body = {"kind": "send_day", "date": str(day), **more}
    return await api.post("/admin/schedule/run", json=body)


async def client_due(api: Api, admin: Connection, day: date) -> str:
    """A client who joined long ago and whose day is `day`."""
    answer = await api.post("/api/clients", json=registration(send_day=day.day))
    client_id = answer.json()["client_id"]
    await admin.execute("update gateway.client set active_since = '2020-01-01'")
    return client_id


async def test_a_dry_run_tells_who_is_due_and_changes_nothing(
    api: Api, admin: Connection, today: date
):
    client_id = await client_due(api, admin, today)
    for _ in range(2):
        answer = await run(api, today)
        assert answer.status_code == 200
        assert answer.json() == {
            "kind": "send_day",
            "date": str(today),
            "dry_run": True,
            "tick": "new",
            "ran_at": None,
            "clients": [
                {"client_id": client_id, "effective_day": str(today), "already_served": False}
            ],
        }
    assert await admin.fetchval("select count(*) from scheduler.tick") == 0


async def test_a_dry_run_takes_any_date(api: Api, admin: Connection):
    for day in (date(2019, 2, 28), date(2199, 12, 31), date(1, 1, 1), date(9999, 12, 30)):
        assert (await run(api, day)).status_code == 200


async def test_a_real_run_makes_the_tick_once(api: Api, admin: Connection, today: date):
    first = (await run(api, today, dry_run=False)).json()
    second = (await run(api, today, dry_run=False)).json()
    assert (first["tick"], first["ran_at"]) == ("new", None)
    assert second["tick"] == "exists"
    assert second["ran_at"]
    assert (await run(api, today)).json()["tick"] == "exists"
    topics = await admin.fetch("select topic from scheduler.outbox")
    assert [row["topic"] for row in topics] == ["schedule.send_day"]


async def test_the_tick_belongs_to_the_trace_of_the_answer(
    api: Api, admin: Connection, today: date
):
    answer = await run(api, today, dry_run=False)

    headers = await admin.fetchval("select headers from scheduler.outbox")
    assert headers == {"traceparent": answer.headers["traceparent"]}


async def test_a_real_run_keeps_to_the_days_of_the_catch_up(
    api: Api, admin: Connection, today: date
):
    for days, status in ((-8, 422), (-7, 200), (0, 200), (1, 422)):
        answer = await run(api, today + timedelta(days=days), dry_run=False)
        assert answer.status_code == status
        if status == 422:
            (fault,) = answer.json()["errors"]
            assert fault["pointer"] == "/date"
            assert str(today) in fault["detail"]
    assert await admin.fetchval("select count(*) from scheduler.tick") == 2


async def test_a_notice_concerns_the_clients_of_the_day_after(
    api: Api, admin: Connection, today: date
):
    tomorrow = today + timedelta(days=1)
    client_id = await client_due(api, admin, tomorrow)
    answer = (await run(api, today, kind="pre_notification")).json()
    assert answer["clients"] == [
        {"client_id": client_id, "effective_day": str(tomorrow), "already_served": False}
    ]


async def test_who_has_been_served_is_shown_as_served(api: Api, admin: Connection, today: date):
    client_id = await client_due(api, admin, today)
    await admin.execute(
        """insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
           values ($1, date_trunc('month', $2::date), $2, gen_random_uuid(), false)""",
        client_id,
        today,
    )
    assert (await run(api, today)).json()["clients"] == [
        {"client_id": client_id, "effective_day": str(today), "already_served": True}
    ]
