import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import Deliver, NewClient, NewJob, Published
from tests.gateway.happened import assigned, failed, mail, ready
from tests.gateway.routes.conftest import ADMIN_KEY, Api, Make
from tests.support.database import Database

ACTION = ["retry", "cancel"]


async def act(api: Api, job_id: UUID | str, what: str) -> Any:
    return await api.post(f"/admin/jobs/{job_id}/{what}")


async def shown(api: Api, job_id: UUID) -> dict[str, Any]:
    return (await api.get(f"/api/job-status/{job_id}")).json()


async def audited(admin: Connection) -> list[tuple[str, str]]:
    rows = await admin.fetch("select actor, action, target from gateway.audit order by id")
    assert {row["actor"] for row in rows} <= {"env:admin"}
    return [(row["action"], row["target"]) for row in rows]


async def test_jobs_are_listed_with_their_people_the_newest_first(
    api: Api, conn: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    client_id = await new_client()
    jobs = [await new_job(client_id=client_id) for _ in range(3)]
    await deliver(failed(jobs[1]))
    await conn.execute("delete from job where id = $1", jobs[0])
    other = await new_job()
    await conn.execute("delete from client where id <> $1", client_id)

    first, second, third = (await api.get("/admin/jobs")).json()

    assert [j["job_id"] for j in (first, second, third)] == [str(other), str(jobs[2]), str(jobs[1])]
    assert first["clients"] is None
    assert second["clients"]["last_name"] == "Martin"
    assert list(third) == [
        "job_id",
        "client_id",
        "kind",
        "status",
        "properties_assigned",
        "attempt_count",
        "last_attempt",
        "next_attempt",
        "error_message",
        "created_at",
        "updated_at",
        "clients",
    ]
    assert (third["status"], third["attempt_count"]) == ("pending", 1)
    assert third["error_message"] == "no source"
    assert third["next_attempt"] > third["last_attempt"]


async def test_jobs_are_found_by_status_and_client_in_pages(
    api: Api, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    client_id = await new_client()
    mine = [await new_job(client_id=client_id) for _ in range(5)]
    await deliver(*(failed(job_id) for job_id in mine[:3]), failed(await new_job()))

    path: str | None = f"/admin/jobs?status=pending&client_id={client_id}&limit=2"
    found: list[str] = []
    while path:
        answer = await api.get(path)
        assert len(answer.json()) <= 2
        found += [job["job_id"] for job in answer.json()]
        path = answer.links.get("next", {}).get("url")

    assert found == [str(job_id) for job_id in reversed(mine[:3])]
    assert (await api.get(f"/admin/jobs?client_id={uuid4()}")).json() == []
    for wrong in ("status=gone", "client_id=x", "limit=0", "limit=1001", "offset=-1"):
        refused = await api.get(f"/admin/jobs?{wrong}")
        assert refused.status_code == 422, wrong


async def test_a_failed_job_starts_again_with_a_new_ladder(
    database: Database,
    api: Api,
    admin: Connection,
    conn: Connection,
    new_job: NewJob,
    deliver: Deliver,
    published: Published,
):
    job_id = await new_job(count=7)
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "failed"))
    await database.advance(timedelta(hours=5))
    await conn.execute("update client set chosen_cities = '{69123}'")

    answer = await act(api, job_id, "retry")

    assert (answer.status_code, answer.json()["message"]) == (200, "Job started again")
    first, second = await published("client.process")
    assert (second["run"], second["ladder"], second["cities"]) == (2, 2, ["69123"])
    for kept in ("job_id", "count", "as_of", "seed", "kind"):
        assert second[kept] == first[kept]
    job = await shown(api, job_id)
    assert (job["status"], job["error_message"], job["properties_assigned"]) == (
        "processing",
        None,
        10,
    )
    assert [(a["run"], a["ladder"], a["attempt"]) for a in job["progress"]["attempts"]] == [
        (1, 1, 1),
        (2, 2, 1),
    ]
    assert await audited(admin) == [("job.retry", str(job_id))]
    assert len(await published("job.failed")) == 1
    await deliver(failed(job_id, permanent=True, run=2, ladder=2))
    assert len(await published("job.failed")) == 2


@pytest.mark.parametrize("state", ["processing", "pending", "completed"])
async def test_no_other_job_is_retried(
    api: Api, admin: Connection, new_job: NewJob, deliver: Deliver, state: str
):
    job_id = await new_job()
    if state == "pending":
        await deliver(failed(job_id))
    if state == "completed":
        await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))

    answer = await act(api, job_id, "retry")

    assert answer.status_code == 409
    assert answer.json()["detail"] == f"Job {job_id} is {state}; only a failed one can do that"
    assert await audited(admin) == []


@pytest.mark.parametrize("change", ["update client set status = 'inactive'", "delete from client"])
async def test_a_job_of_nobody_is_not_retried(
    api: Api, conn: Connection, new_job: NewJob, deliver: Deliver, change: str
):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=True))
    await conn.execute(change)
    answer = await act(api, job_id, "retry")
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("not found or inactive")
    assert (await shown(api, job_id))["status"] == "failed"


async def test_a_process_is_not_retried_beside_another(
    api: Api, conn: Connection, client_id: str, deliver: Deliver
):
    start = {"client_id": client_id}
    old = (await api.post("/api/process-client", json=start)).json()["job_id"]
    await deliver(failed(UUID(old), permanent=True))

    answers = await asyncio.gather(
        act(api, old, "retry"), api.post("/api/process-client", json=start), act(api, old, "retry")
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    status = "select count(*) from job where status = 'processing'"
    assert await conn.fetchval(status) == 1


async def test_a_job_that_waits_is_cancelled_and_nobody_is_alarmed(
    api: Api, admin: Connection, new_job: NewJob, deliver: Deliver, published: Published
):
    job_id = await new_job()
    await deliver(failed(job_id))

    answer = await act(api, job_id, "cancel")

    assert answer.status_code == 200
    assert answer.json()["message"] == "Cancelled by env:admin"
    job = await shown(api, job_id)
    assert (job["status"], job["error_message"]) == ("failed", "Cancelled by env:admin")
    assert job["progress"]["next_attempt_at"] is None
    assert (await api.post("/api/process-retry-queue?all=true")).json()["processed"] == 0
    await deliver(failed(job_id, permanent=True))
    assert await published("job.failed") == []
    assert await audited(admin) == [("job.cancel", str(job_id))]
    assert (await act(api, job_id, "retry")).status_code == 200
    assert (await shown(api, job_id))["status"] == "processing"


async def test_who_cancelled_is_named_by_the_first_signs_of_the_key(
    api: Api, make_api: Make, new_job: NewJob, deliver: Deliver
):
    made = await api.post("/admin/api-keys", json={"name": "Desk", "scopes": ["admin"]})
    operator = await make_api()
    operator.headers["X-Admin-Key"] = made.json()["key"]
    assert made.json()["key"] != ADMIN_KEY
    job_id = await new_job()
    await deliver(failed(job_id))

    await act(operator, job_id, "cancel")

    assert (await shown(api, job_id))["error_message"] == f"Cancelled by {made.json()['prefix']}"


async def test_only_a_job_that_waits_is_cancelled(api: Api, new_job: NewJob, deliver: Deliver):
    running, failed_one = await new_job(), await new_job()
    await deliver(failed(failed_one, permanent=True))
    for job_id in (running, failed_one):
        answer = await act(api, job_id, "cancel")
        assert answer.status_code == 409
        assert "only a pending one" in answer.json()["detail"]


@pytest.mark.parametrize("what", ACTION)
async def test_an_unknown_job_is_not_moved(api: Api, what: str):
    assert (await act(api, uuid4(), what)).status_code == 404
    assert (await act(api, "x", what)).status_code == 422


@pytest.mark.parametrize("what", ACTION)
async def test_of_many_at_once_one_moves_the_job(
    api: Api, new_job: NewJob, deliver: Deliver, what: str
):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=what == "retry"))
    answers = await asyncio.gather(*(act(api, job_id, what) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
