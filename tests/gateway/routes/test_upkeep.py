from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import Deliver, NewClient, NewJob, Published
from tests.gateway.happened import assigned, failed, mail, ready
from tests.gateway.routes.conftest import Api, Make
from tests.support.database import Database


async def work(api: Api, query: str = "") -> Any:
    answer = await api.post(f"/api/process-retry-queue{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_retries_that_are_due_begin(
    database: Database, api: Api, new_job: NewJob, deliver: Deliver, published: Published
):
    early, late = await new_job(), await new_job()
    await deliver(failed(early))
    await database.advance(timedelta(minutes=59))
    await deliver(failed(late))
    assert await work(api) == {
        "success": True,
        "processed": 0,
        "failed": 0,
        "message": "Processed 0 jobs, 0 failed",
    }
    await database.advance(timedelta(minutes=1))

    assert (await work(api))["message"] == "Processed 1 job, 0 failed"
    assert (await work(api, "?all=false"))["processed"] == 0
    assert (await work(api, "?all=true"))["processed"] == 1

    again = [event["job_id"] for event in await published("client.process") if event["run"] == 2]
    assert again == [str(early), str(late)]


async def test_a_job_of_nobody_ends_and_is_counted(
    api: Api, conn: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    gone, stays = await new_client(), await new_client()
    for client_id in (gone, gone, stays):
        await deliver(failed(await new_job(client_id=client_id)))
    await conn.execute("update client set status = 'inactive' where id = $1", gone)

    answer = await work(api, "?all=true")

    assert (answer["processed"], answer["failed"]) == (1, 2)
    assert answer["message"] == "Processed 1 job, 2 failed"
    assert await conn.fetchval("select count(*) from job where status = 'failed'") == 2


async def test_however_many_wait_all_begin(
    api: Api, conn: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    await deliver(failed(await new_job(client_id=await new_client())))
    await conn.execute(
        """insert into job (client_id, kind, count, as_of, seed, cities, kinds, status,
                            next_attempt_at, error_message)
           select client_id, kind, count, as_of, seed, cities, kinds, status, next_attempt_at,
                  error_message
           from job cross join generate_series(1, 1100)"""
    )
    assert (await work(api, "?all=true"))["processed"] == 1101


async def job_of(new_job: NewJob, deliver: Deliver, client_id: UUID, state: str) -> UUID:
    job_id = await new_job(client_id=client_id)
    if state == "completed":
        await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))
    if state in {"failed", "pending"}:
        await deliver(failed(job_id, permanent=state == "failed"))
    return job_id


PATHS = {
    "/api/cleanup-jobs": ("POST", "cleaned_jobs", "Cleaned"),
    "/admin/jobs/cleanup": ("DELETE", "deleted_jobs", "Deleted"),
}


@pytest.mark.parametrize("path", PATHS)
async def test_jobs_that_ended_long_ago_are_cleaned_and_no_others(
    database: Database, api: Api, conn: Connection, new_client: NewClient, new_job: NewJob,
    deliver: Deliver, path: str,
):  # fmt: skip
    method, counted, verb = PATHS[path]
    states = ("completed", "failed", "pending", "processing")
    client_id = await new_client()
    for state in states:
        await job_of(new_job, deliver, client_id, state)
    await database.advance(timedelta(days=10, minutes=1))
    young = [await job_of(new_job, deliver, client_id, state) for state in states]

    answer = await api.request(method, path, params={"older_than_days": 10})

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        counted: 2,
        "message": f"{verb} 2 jobs older than 10 days",
    }
    left = {row["id"] for row in await conn.fetch("select id from job")}
    assert left > set(young)
    assert len(left) == 6
    assert (await api.request(method, path, params={"older_than_days": 11})).json()[counted] == 0


async def test_a_delivery_that_this_month_owes_is_kept(
    database: Database, api: Api, admin: Connection, new_client: NewClient, new_job: NewJob,
    deliver: Deliver,
):  # fmt: skip
    today: Any = await admin.fetchval("select (public.clock() at time zone 'Europe/Paris')::date")
    for month in (today.replace(day=1), (today.replace(day=1) - timedelta(days=1)).replace(day=1)):
        for state in ("failed", "completed"):
            job_id = await job_of(new_job, deliver, await new_client(), state)
            await admin.execute("update gateway.job set kind = 'scheduled' where id = $1", job_id)
            await admin.execute(
                "insert into gateway.monthly_delivery (client_id, month, due_on, job_id, late)"
                " select client_id, $2, $2, id, false from gateway.job where id = $1",
                job_id, month,
            )  # fmt: skip
    await admin.execute("update gateway.job set updated_at = updated_at - interval '60 days'")

    assert (await api.post("/api/cleanup-jobs")).json()["cleaned_jobs"] == 3

    (kept,) = await admin.fetch("select id, status from gateway.job")
    assert kept["status"] == "failed"
    assert await admin.fetchval("select count(*) from gateway.monthly_delivery") == 4
    month = await admin.fetchval(
        "select month from gateway.monthly_delivery where job_id = $1", kept["id"]
    )
    assert month == today.replace(day=1)


async def test_how_old_is_old_is_a_setting(make_api: Make, admin: Connection):
    api = await make_api(job_cleanup_days=90)
    assert (await api.post("/api/cleanup-jobs")).json()["message"].endswith("older than 90 days")
    deleted = (await api.delete("/admin/jobs/cleanup")).json()
    assert deleted["message"] == "Deleted 0 jobs older than 30 days"
    one = await api.post("/api/cleanup-jobs?older_than_days=1")
    assert one.json()["message"] == "Cleaned 0 jobs older than 1 day"
    assert await admin.fetchval("select array_agg(action) from gateway.audit") == ["job.cleanup"]


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "99999999999"])
async def test_a_wrong_age_is_refused(lonely: Api, days: str):
    for path, (method, *_) in PATHS.items():
        answer = await lonely.request(method, path, params={"older_than_days": days})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/older_than_days"
