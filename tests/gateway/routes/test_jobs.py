import asyncio
from typing import Any

from libs.common.postgres import Connection
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import failed, scraped
from tests.gateway.routes.conftest import Api, registration


async def test_processing_starts_once_while_it_runs(api: Api, client_id: str):
    first = (await api.post("/api/process-client", json={"client_id": client_id})).json()
    second = (await api.post("/api/process-client", json={"client_id": client_id})).json()
    assert first == {
        "success": True,
        "job_id": first["job_id"],
        "client_id": client_id,
        "message": "Processing started",
    }
    assert second == first | {"message": "Job already in progress"}


async def test_many_at_once_start_one_job(api: Api, client_id: str):
    body = {"client_id": client_id}
    answers = await asyncio.gather(*(api.post("/api/process-client", json=body) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    messages = [answer.json()["message"] for answer in answers]
    assert messages.count("Processing started") == 1


async def test_each_addition_is_a_job_of_its_own(api: Api, admin: Connection, client_id: str):
    await api.post("/api/process-client", json={"client_id": client_id})
    messages: list[str] = []
    for count in ({"count": 5}, {"count": 1}, {}, {"count": None}):
        answer = await api.post("/api/add-addresses", json={"client_id": client_id, **count})
        assert answer.status_code == 200
        messages.append(answer.json()["message"])
    assert messages == [
        "Adding 5 addresses",
        "Adding 1 address",
        "Adding 10 addresses",
        "Adding 10 addresses",
    ]
    counts = await admin.fetch("select count from gateway.job where kind = 'add' order by id")
    assert [row["count"] for row in counts] == [5, 1, 10, 10]


async def test_the_run_is_announced_with_the_job(api: Api, admin: Connection, client_id: str):
    answer = await api.post("/api/process-client", json={"client_id": client_id})
    statement = "select headers from gateway.outbox where topic = 'client.process'"
    (row,) = await admin.fetch(statement)
    assert row["headers"]["correlation_id"] == answer.json()["job_id"]


async def test_who_is_not_active_is_not_processed(api: Api, admin: Connection):
    answer = await api.post("/api/clients", json=registration(status="pending"))
    client_id = answer.json()["client_id"]
    for path in ("/api/process-client", "/api/add-addresses"):
        refused = await api.post(path, json={"client_id": client_id})
        assert refused.status_code == 404
        assert refused.json()["detail"] == f"Client {client_id} not found or inactive"


async def test_a_new_job_tells_its_progress(api: Api, client_id: str):
    started = await api.post("/api/add-addresses", json={"client_id": client_id, "count": 3})
    job_id = started.json()["job_id"]
    status = (await api.get(f"/api/job-status/{job_id}")).json()
    assert (status["job_id"], status["client_id"]) == (job_id, client_id)
    assert (status["kind"], status["status"]) == ("add", "processing")
    assert status["properties_assigned"] is None
    assert status["error_message"] is None
    progress = status["progress"]
    assert (progress["step"], progress["attempt"], progress["next_attempt_at"]) == (
        "scrape",
        1,
        None,
    )
    assert list(progress["steps"]) == ["scrape", "assign", "mail"]
    assert progress["steps"]["scrape"]["state"] == "running"


async def test_how_a_run_ended_is_told_alike_once_there_is_another(
    api: Api, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(scraped(job_id, 1), scraped(job_id, 2), failed(job_id))

    async def first() -> Any:
        return (await api.get(f"/api/job-status/{job_id}")).json()["progress"]["attempts"][0]

    ended = await first()
    await api.post("/api/process-retry-queue?all=true")
    assert ended == await first()
