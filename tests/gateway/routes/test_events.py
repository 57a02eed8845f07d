"""Streams of what moves, read over a real connection."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.routes import feed, streams
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import assigned, failed, mail, ready, scraped, waiting
from tests.gateway.routes.conftest import Api, Make
from tests.gateway.routes.streaming import Event, Served, served, until
from tests.support.database import Database

UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"


@pytest.fixture
async def gateway(database: Database) -> AsyncGenerator[Served]:
    async with served(database) as running:
        yield running


def moves(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.data["step"], e.data["state"]) for e in events if e.name == "job.step"]


async def test_a_job_that_has_ended_tells_its_movements_and_ends(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(scraped(job_id, 2), ready(job_id), assigned(job_id, 7), mail(job_id, "sent"))

    hello, *told, ended = await gateway.whole(f"/api/jobs/{job_id}/events")

    assert hello == Event(retry=3000)
    assert moves(told) == [
        ("scrape", "running"), ("scrape", "running"), ("scrape", "done"), ("assign", "running"),
        ("assign", "done"), ("mail", "running"), ("mail", "sent"),
    ]  # fmt: skip
    ids = [event.id or 0 for event in told]
    assert ids == sorted(set(ids))
    assert told[1].data | {"client": None, "at": None} == {
        "job": str(job_id), "client": None, "kind": "add", "run": 1, "step": "scrape",
        "state": "running", "done": 2, "total": 3, "note": "", "next_try_at": None, "at": None,
        "status": "completed",
    }  # fmt: skip
    assert (told[4].data["done"], told[4].data["total"]) == (7, 10)
    assert ended == Event(
        name="job.ended",
        data={
            "job": str(job_id),
            "status": "completed",
            "properties_assigned": 7,
            "error_message": None,
        },
    )


async def test_a_job_under_way_is_followed_to_its_end(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id, other = await new_job(), await new_job()
    async with asyncio.timeout(10), gateway.stream(f"/api/jobs/{job_id}/events") as told:
        assert (await anext(told)).retry == 3000
        assert (await anext(told)).data["step"] == "scrape"
        await deliver(ready(job_id), ready(other))
        assert [(await anext(told)).data["state"] for _ in range(2)] == ["done", "running"]
        await deliver(assigned(job_id), waiting(job_id))
        assert [(await anext(told)).data["state"] for _ in range(2)] == ["done", "running"]
        waits = (await anext(told)).data
        assert (waits["state"], waits["next_try_at"]) == ("waiting", "2026-11-21T10:05:00Z")
        await deliver(mail(job_id, "failed"))
        rest = [event async for event in told]

    assert moves(rest) == [("mail", "failed")]
    assert rest[0].data["note"] == "answer 1"
    assert rest[-1].data["status"] == "failed"
    assert {event.data["job"] for event in rest} == {str(job_id)}


async def test_a_reader_goes_on_where_it_was_left(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    path = f"/api/jobs/{job_id}/events"
    async with gateway.stream(path) as told:
        await anext(told)
        last = (await anext(told)).id
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))

    rest = await gateway.whole(path, last)

    assert moves(rest)[0] == ("scrape", "done")
    assert moves(rest)[-1] == ("mail", "sent")
    assert (
        await gateway.api.get(path, headers={"Last-Event-ID": str(rest[-2].id)})
    ).status_code == 204


async def test_a_number_of_another_life_tells_what_comes(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    async with asyncio.timeout(10), gateway.stream("/admin/events", 2**63 - 1) as told:
        await anext(told)
        await deliver(failed(job_id))
        assert (await anext(told)).data["state"] == "failed"


async def test_the_console_hears_of_everything_from_now_on(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    before = await new_job()
    async with asyncio.timeout(10), gateway.stream("/admin/events") as told:
        await anext(told)
        after = await new_job()
        began = await anext(told)
        await deliver(failed(before, permanent=True))
        broke = await anext(told)

    assert (began.data["job"], began.data["state"]) == (str(after), "running")
    assert (broke.data["job"], broke.data["status"]) == (str(before), "failed")
    assert broke.data["note"] == "no source"


async def test_a_cancelled_job_is_closed(gateway: Served, conn: Connection, new_job: NewJob):
    job_id = await new_job()
    async with conn.transaction():
        await conn.execute(
            "update job set status = 'failed', error_message = 'Cancelled by ab' where id = $1",
            job_id,
        )
        await conn.execute(
            "insert into movement (job_id, run, step, state, detail)"
            """ values ($1, 1, 'job', 'cancelled', '{"reason": "Cancelled by ab"}')""",
            job_id,
        )

    *_, closed, ended = await gateway.whole(f"/api/jobs/{job_id}/events")

    assert (closed.name, closed.data["state"]) == ("job.closed", "cancelled")
    assert closed.data["note"] == ended.data["error_message"] == "Cancelled by ab"


async def test_silence_is_broken_by_a_comment(
    gateway: Served, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(streams, "PING_SECONDS", 0.05)
    job_id = await new_job()
    async with asyncio.timeout(10), gateway.stream(f"/api/jobs/{job_id}/events") as told:
        heard = [await anext(told) for _ in range(4)]

    assert heard[2:] == [Event(comment="ping")] * 2


async def test_streams_have_an_end_to_their_number(
    gateway: Served, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "MOST_STREAMS", {"job": 1, "all": 1})
    path = f"/api/jobs/{await new_job()}/events"
    async with gateway.stream(path) as told, gateway.stream("/admin/events"):
        await anext(told)
        refused = await gateway.api.get(path)
        too = await gateway.api.get("/admin/events")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert too.json()["detail"] == "Too many streams are open here"

    async def has_room() -> bool:
        return (await gateway.api.head(path)).status_code == 200

    await until(has_room)


async def test_who_only_asks_for_the_head_is_not_kept(gateway: Served, new_job: NewJob):
    async with asyncio.timeout(5):
        answer = await gateway.api.head(f"/api/jobs/{await new_job()}/events")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "path, headers, status",
    [
        (f"/api/jobs/{UNKNOWN}/events", {}, 404),
        ("/api/jobs/latest/events", {}, 422),
        (f"/api/jobs/{UNKNOWN}/events", {"Last-Event-ID": "last"}, 422),
        ("/admin/events", {"Last-Event-ID": "-1"}, 422),
        ("/admin/events", {"X-Admin-Key": "another"}, 401),
        (f"/api/jobs/{UNKNOWN}/events", {"X-API-Key": "another"}, 401),
    ],
)
async def test_what_cannot_be_streamed_is_a_problem(
    api: Api, path: str, headers: dict[str, str], status: int
):
    answer = await api.get(path, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_postgresql_there_is_no_stream(lonely: Api):
    assert (await lonely.get(f"/api/jobs/{uuid4()}/events")).status_code == 503


async def test_a_stream_counts_once_for_its_key(make_api: Make, new_job: NewJob, deliver: Deliver):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=True))
    limited = await make_api(rate_limit_enabled=True, rate_limit_requests=2)
    path = f"/api/jobs/{job_id}/events"

    answers = [await limited.get(path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Remaining"] == "1"
