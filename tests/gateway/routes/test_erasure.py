import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import Deliver, NewJob, Published
from tests.gateway.happened import assigned, failed, mail, ready
from tests.gateway.routes.conftest import Api, deliver, registration

PERSON = {
    "first_name": "Apolline",
    "last_name": "Quiévrechain",
    "email": "apolline@quievrechain.example",
    "telephone": "+33 6 99 88 77 66",
    "company_name": "Pierres Quiévrechain",
}

COLUMNS = """
    select format('%I.%I', table_schema, table_name) as "table", column_name as "column"
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'
"""


async def traces(admin: Connection) -> list[str]:
    """Where a word about the person stands in any column of any table."""
    found: list[str] = []
    for row in await admin.fetch(COLUMNS):
        words = f'select "{row["column"]}"::text from {row["table"]}'  # noqa: S608 - the schema's own
        for (text,) in await admin.fetch(words):
            read = str(text)
            if read.startswith("\\x"):
                read = bytes.fromhex(read[2:]).decode("utf-8", "replace")
            found += [
                f"{row['table']}.{row['column']}: {word}"
                for word in PERSON.values()
                if word.lower() in read.lower()
            ]
    return found


WAITING = "select exists (select from pg_locks where not granted)"


@pytest.fixture
async def person(api: Api, admin: Connection) -> str:
    body = registration(**PERSON)
    answer = await api.post("/api/clients", json=body, headers={"Idempotency-Key": "first"})
    return answer.json()["client_id"]


async def erase(api: Api, client_id: str) -> Any:
    return await api.delete(f"/api/clients/{client_id}")


async def test_nothing_names_an_erased_client(
    api: Api, admin: Connection, person: str, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job(client_id=UUID(person))
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "failed"))
    words = "550 Apolline Quiévrechain is unknown here"
    await admin.execute(
        "update gateway.movement set detail = detail || jsonb_build_object('reason', $1::text)"
        " where step = 'mail' and state = 'failed'", words,
    )  # fmt: skip
    await admin.execute("update gateway.job set error_message = $1", words)
    await api.patch(f"/api/clients/{person}", json={"send_day": 3})
    assert len(await traces(admin)) > 8

    answer = await erase(api, person)

    assert (answer.status_code, answer.content) == (204, b"")
    assert await traces(admin) == []
    shown = (await api.get(f"/api/job-status/{job_id}")).json()
    assert (shown["status"], shown["error_message"]) == ("failed", "The mail step failed")


async def test_an_erased_client_is_unknown_everywhere(api: Api, person: str):
    await erase(api, person)
    for path in (
        f"/api/clients/{person}",
        f"/api/get-client-properties/{person}",
        f"/admin/client/{person}",
    ):
        assert (await api.get(path)).status_code == 404
    assert (await api.patch(f"/api/clients/{person}", json={"send_day": 3})).status_code == 404
    for path in ("/api/process-client", "/api/add-addresses"):
        assert (await api.post(path, json={"client_id": person})).status_code == 404


async def test_erasing_again_does_nothing_more(api: Api, admin: Connection, person: str):
    for _ in range(3):
        assert (await erase(api, person)).status_code == 204
    assert (await erase(api, str(uuid4()))).status_code == 404
    assert (await erase(api, "x")).status_code == 422
    statement = "select count(*) from gateway.outbox where topic = 'client.erased' and key = $1"
    assert await admin.fetchval(statement, person) == 1
    rows = await admin.fetch("select action, target, detail from gateway.audit")
    assert [(r["action"], r["target"], r["detail"]) for r in rows] == [("client.erase", person, {})]


async def test_many_erasures_at_once_are_one(api: Api, admin: Connection, person: str):
    answers = await asyncio.gather(*(erase(api, person) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {204}
    statement = "select count(*) from gateway.outbox where topic = 'client.erased'"
    assert await admin.fetchval(statement) == 1


async def test_open_jobs_fail_and_nobody_is_alarmed(
    api: Api,
    person: str,
    new_job: NewJob,
    deliver: Deliver,
    published: Published,
):
    running, waiting, done = [await new_job(client_id=UUID(person)) for _ in range(3)]
    await deliver(failed(waiting), ready(done), assigned(done), mail(done, "sent"))

    await erase(api, person)

    for job_id in (running, waiting):
        shown = (await api.get(f"/api/job-status/{job_id}")).json()
        assert (shown["status"], shown["error_message"]) == ("failed", "erased")
        assert shown["progress"]["next_attempt_at"] is None
        assert shown["progress"]["attempts"][-1]["reason"] == "erased"
    assert (await api.get(f"/api/job-status/{done}")).json()["status"] == "completed"
    await deliver(failed(running, permanent=True), failed(waiting, permanent=True))
    assert await published("job.failed") == []


async def test_a_job_starts_before_the_erasure_and_falls_with_it_or_not_at_all(
    api: Api, admin: Connection, person: str
):
    body = {"client_id": person, "count": 3}
    added = [api.post("/api/add-addresses", json=body) for _ in range(12)]
    answers = await asyncio.gather(*added[:6], erase(api, person), *added[6:])
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    open_jobs = "select count(*) from gateway.job where status in ('processing', 'pending')"
    assert await admin.fetchval(open_jobs) == 0


async def test_jobs_that_move_meanwhile_are_waited_for(
    api: Api, admin: Connection, person: str, new_job: NewJob, deliver: Deliver
):
    first, last = sorted([await new_job(client_id=UUID(person)) for _ in range(2)])
    await deliver(ready(last), assigned(last), mail(last, "failed"))
    moves = "update gateway.job set updated_at = updated_at where id = $1"
    async with admin.transaction():  # as outcomes take them: in the order of their ids
        await admin.execute(moves, first)
        erasing = asyncio.create_task(erase(api, person))
        while not await admin.fetchval(WAITING):  # noqa: ASYNC110 - a lock has no event
            await asyncio.sleep(0.01)
        await admin.execute(moves, last)

    assert (await erasing).status_code == 204


async def test_the_mail_address_may_be_registered_anew(api: Api, person: str):
    await erase(api, person)
    answer = await api.post("/api/clients", json=registration(**PERSON))
    assert answer.status_code == 201
    assert answer.json()["client_id"] != person


async def test_the_numbers_stay_as_they_were(api: Api, admin: Connection, person: str):
    await deliver(admin, person, "a", "b", "c")
    await api.post("/api/add-addresses", json={"client_id": person})
    before = (await api.get("/admin/stats")).json()

    await erase(api, person)
    at_once = (await api.get("/admin/stats")).json()
    # what the assigner makes of it when it hears
    await admin.execute("delete from assigner.assignment")
    later = (await api.get("/admin/stats")).json()

    moved = {"active_clients": 0, "jobs_processing": 0, "jobs_failed": 1}
    assert (before["total_clients"], before["total_assignments"]) == (1, 3)
    assert at_once == before | moved | {"outbox_unpublished": before["outbox_unpublished"] + 1}
    assert later == at_once
    health = (await api.get("/admin/health")).json()
    assert "1 total clients" in health["components"]["database"]["message"]
