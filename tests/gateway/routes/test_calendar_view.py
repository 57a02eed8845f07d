"""The schedule of some days as an operator sees it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, registration

TICK = (
    "insert into scheduler.tick (kind, due_on, state, late, requested) values ($1, $2, $3, $4, $5)"
)
DELIVERY = """
    with made as (
      insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds, status,
                               error_message)
      values ($1, 'scheduled', 1, $2, 1, '{01053}', '{house}', $3, $4) returning id
    )
    insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)
    select $1, date_trunc('month', $2::timestamp)::date, $2, id, false from made
    returning job_id
"""
DAY = timedelta(days=1)


@pytest.fixture
async def today(admin: Connection) -> date:
    [row] = await admin.fetch("select (public.clock() at time zone 'Europe/Paris')::date as today")
    return row["today"]


async def tick(admin: Connection, day: date, kind: str = "send_day", **how: Any) -> None:
    state, late = how.get("state", "emitted"), how.get("late", False)
    await admin.execute(TICK, kind, day, state, late, how.get("requested", False))


async def handled(admin: Connection, day: date, clients: int, kind: str = "send_day") -> None:
    schema = "gateway" if kind == "send_day" else "notifier"
    await admin.execute(
        f"insert into {schema}.tick_handled (kind, due_on, clients) values ($1, $2, $3)",  # noqa: S608 - one of two
        kind, day, clients,
    )  # fmt: skip


async def due_on(api: Api, admin: Connection, day: date) -> UUID:
    """A client who joined long ago and whose day is `day`."""
    email = f"agent{uuid4().hex}@agence.example"
    answer = await api.post("/api/clients", json=registration(send_day=day.day, email=email))
    await admin.execute("update gateway.client set active_since = '2020-01-01'")
    return UUID(answer.json()["client_id"])


async def show(api: Api, first: date, last: date) -> dict[str, Any]:
    answer = await api.get("/admin/schedule", params={"from": str(first), "to": str(last)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def of(shown: dict[str, Any], kind: str) -> dict[str, tuple[Any, ...]]:
    return {
        one["due_on"]: (one["state"], one["late"], one["clients"])
        for one in shown["ticks"]
        if one["kind"] == kind
    }


async def test_days_to_come_are_due_with_whom_they_will_serve(
    api: Api, admin: Connection, today: date
):
    await due_on(api, admin, today + 3 * DAY)

    shown = await show(api, today - 5 * DAY, today + 4 * DAY)

    days = [today + n * DAY for n in range(5)]
    assert of(shown, "send_day") == {
        str(day): ("due", False, int(day == today + 3 * DAY)) for day in days
    }
    assert of(shown, "pre_notification") == {
        str(day): ("due", False, int(day == today + 2 * DAY)) for day in days
    }
    assert shown["undelivered"] == []


async def test_a_day_is_done_when_it_was_handled(api: Api, admin: Connection, today: date):
    yesterday = today - DAY
    for kind, clients in (("send_day", 7), ("pre_notification", 5)):
        await tick(admin, yesterday, kind, late=True)
        await handled(admin, yesterday, clients, kind)

    shown = await show(api, yesterday, yesterday)

    assert of(shown, "send_day") == {str(yesterday): ("done", True, 7)}
    assert of(shown, "pre_notification") == {str(yesterday): ("done", True, 5)}
    assert all(one["emitted_at"] and one["handled_at"] for one in shown["ticks"])


async def test_what_nobody_handled_is_late_once_its_day_is_over(
    api: Api, admin: Connection, today: date
):
    client_id = await due_on(api, admin, today - DAY)
    await tick(admin, today - 3 * DAY)
    await handled(admin, today - 3 * DAY, 0)
    await tick(admin, today - 2 * DAY)  # emitted, and no more was heard; yesterday not even that
    await tick(admin, today)

    shown = of(await show(api, today - 9 * DAY, today), "send_day")

    assert shown == {
        str(today - 3 * DAY): ("done", False, 0),
        str(today - 2 * DAY): ("late", False, 0),
        str(today - DAY): ("late", True, 1),
        str(today): ("due", False, 1),
    }, client_id


async def test_a_missed_day_tells_whose_it_was(api: Api, admin: Connection, today: date):
    day = today - 10 * DAY
    served = await due_on(api, admin, day)
    await due_on(api, admin, day)
    await tick(admin, day, state="missed", late=True)
    await admin.fetchval(DELIVERY, served, day, "completed", None)

    assert of(await show(api, day, day), "send_day") == {str(day): ("missed", True, 2)}


async def test_a_day_run_by_hand_does_not_begin_the_schedule(
    api: Api, admin: Connection, today: date
):
    await tick(admin, today - 5 * DAY, late=True, requested=True)
    await handled(admin, today - 5 * DAY, 3)

    shown = of(await show(api, today - 7 * DAY, today), "send_day")

    assert shown == {str(today - 5 * DAY): ("done", True, 3), str(today): ("due", False, 0)}


async def test_a_failed_delivery_is_undelivered_until_it_is_retried(
    api: Api, admin: Connection, today: date
):
    client_id = await due_on(api, admin, today)
    job_id = await admin.fetchval(DELIVERY, client_id, today, "failed", "no source")
    await tick(admin, today)
    await handled(admin, today, 1)

    shown = await show(api, today, today)

    [one] = shown["undelivered"]
    assert one | {"failed_at": ""} == {
        "job_id": str(job_id), "client_id": str(client_id), "month": str(today.replace(day=1)),
        "due_on": str(today), "late": False, "error_message": "no source", "failed_at": "",
    }  # fmt: skip
    assert [(t["kind"], t["undelivered"]) for t in shown["ticks"]] == [
        ("pre_notification", 0), ("send_day", 1),
    ]  # fmt: skip
    await api.post(f"/admin/jobs/{job_id}/retry")
    assert (await show(api, today, today))["undelivered"] == []


async def test_whoever_is_erased_is_not_waited_for(api: Api, admin: Connection, today: date):
    client_id = await due_on(api, admin, today)
    await admin.fetchval(DELIVERY, client_id, today, "failed", "no source")
    await api.delete(f"/api/clients/{client_id}")

    assert (await show(api, today, today))["undelivered"] == []


async def test_without_a_range_it_is_about_now(api: Api, admin: Connection, today: date):
    usual = (await api.get("/admin/schedule")).json()
    later = (await api.get("/admin/schedule?from=2030-03-01")).json()
    before = (await api.get("/admin/schedule?to=2030-03-15")).json()

    assert (usual["from"], usual["to"]) == (str(today - 7 * DAY), str(today + 7 * DAY))
    assert (
        (later["from"], later["to"])
        == (before["from"], before["to"])
        == ("2030-03-01", "2030-03-15")
    )


@pytest.mark.parametrize(
    "query, status",
    [
        ("from=2026-01-01&to=2026-03-03", 200),
        ("from=2026-01-01&to=2026-03-04", 422),
        ("from=2026-01-02&to=2026-01-01", 422),
        ("from=yesterday", 422),
        ("to=2026-02-30", 422),
        ("to=2199-12-31", 200),
        ("from=9999-12-31", 422),
        ("to=0001-01-01", 422),
        ("from=0001-01-01&to=9999-12-31", 422),
    ],
)
async def test_a_range_has_its_bounds(api: Api, admin: Connection, query: str, status: int):
    assert (await api.get(f"/admin/schedule?{query}")).status_code == status
