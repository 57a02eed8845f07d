"""Clients begin anew."""

from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, deliver
from tests.gateway.routes.delivered import address

AUDIT = "select actor, action, target, detail from gateway.audit"


async def test_what_was_received_is_taken_back_and_kept_aside(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, *(f"door-{number}" for number in range(25)))
    await deliver(admin, str(uuid4()), "door-1")
    path = f"/api/clients/{client_id}/properties/{address('door-1')}"
    await api.patch(path, json={"status": "sold", "notes": "fait"})

    answer = await api.post(f"/admin/client/{client_id}/reset-assignments")

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "deleted_assignments": 25,
        "message": "Reset 25 assignments for client",
    }
    page = (await api.get(f"/api/get-client-properties/{client_id}")).json()
    assert (page["total_count"], page["properties"]) == (0, [])
    assert await admin.fetchval("select count(*) from assigner.reset_assignment") == 25
    assert await admin.fetchval("select count(*) from assigner.delivered") == 1
    assert await admin.fetch(AUDIT) == [
        ("env:admin", "client.reset", client_id, {"assignments": 25})
    ]


@pytest.mark.parametrize("status", ["processing", "pending"])
async def test_while_a_job_is_open_nothing_is_taken_back(
    api: Api, admin: Connection, client_id: str, status: str
):
    await deliver(admin, client_id, "door-1")
    await api.post("/api/process-client", json={"client_id": client_id})
    await admin.execute(
        """update gateway.job set status = $1, error_message = 'no source',
             next_attempt_at = case when $1 = 'pending' then public.clock() end""",
        status,
    )

    answer = await api.post(f"/admin/client/{client_id}/reset-assignments")

    assert answer.status_code == 409
    assert "is open" in answer.json()["detail"]
    assert await admin.fetchval("select count(*) from assigner.delivered") == 1


async def test_failed_jobs_will_choose_anew_and_completed_ones_keep_their_number(
    api: Api, admin: Connection, client_id: str
):
    failed, completed = [await deliver(admin, client_id, door) for door in ("a", "b")]
    await admin.execute(
        """insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds, status,
             error_message)
           select id, $1, 'add', 1, '2026-11-21', 7, '{01053}', '{house}', status, 'no source'
           from unnest($2::uuid[], '{failed,completed}'::text[]) as job (id, status)""",
        client_id,
        [failed, completed],
    )

    await api.post(f"/admin/client/{client_id}/reset-assignments")

    choices = await admin.fetch("select job_id from assigner.choice")
    assert [str(row["job_id"]) for row in choices] == [completed]


async def test_a_repetition_is_answered_and_not_repeated(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "door-1")
    path, once = f"/admin/client/{client_id}/reset-assignments", {"Idempotency-Key": "reset-1"}
    first = await api.post(path, headers=once)
    await deliver(admin, client_id, "door-2")

    again = await api.post(path, headers=once)

    assert first.json() == again.json()
    assert await admin.fetchval("select count(*) from assigner.delivered") == 1


async def test_a_client_without_addresses_loses_none_and_nobody_is_unknown(
    api: Api, client_id: str
):
    answer = await api.post(f"/admin/client/{client_id}/reset-assignments")
    assert answer.json()["message"] == "Reset 0 assignments for client"
    assert (await api.post(f"/admin/client/{uuid4()}/reset-assignments")).status_code == 404
    assert (await api.post("/admin/client/me/reset-assignments")).status_code == 422
