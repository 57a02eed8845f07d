"""What a page of the console hears while it is open: fragments of itself, each movement once."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import msgspec
import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import assigned, failed, mail, ready, scraped
from tests.gateway.routes.conftest import ADMIN_KEY
from tests.gateway.routes.streaming import Served, served
from tests.support.database import Database

SEQ = re.compile(r'data-seq="(\d+)"')


class Heard(msgspec.Struct, frozen=True):
    """One event as a browser takes it."""

    content: str
    seq: int | None = None
    name: str = ""

    @property
    def line(self) -> int | None:
        """Which movement it shows, if it is one."""
        found = SEQ.search(self.content)
        return int(found[1]) if found else None


@pytest.fixture
async def gateway(database: Database) -> AsyncGenerator[Served]:
    """The console behind a real port, signed in, in English."""
    async with served(database) as running:
        running.api.headers["Accept-Language"] = "en"
        answer = await running.api.post("/console/sign-in", data={"key": ADMIN_KEY})
        assert answer.status_code == 303
        yield running


@asynccontextmanager
async def stream(
    gateway: Served, path: str, last: int | None = None
) -> AsyncGenerator[AsyncIterator[Heard]]:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with gateway.api.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


async def events(answer: httpx.Response) -> AsyncIterator[Heard]:
    content: list[str] = []
    seq, name = None, ""
    async for line in answer.aiter_lines():
        field, _, value = line.partition(": ")
        match field:
            case "data":
                content.append(value)
            case "id":
                seq = int(value)
            case "event":
                name = value
            case "" if content or name:
                yield Heard("\n".join(content), seq, name)
                content, seq, name = [], None, ""
            case _:
                pass


async def whole(gateway: Served, path: str, last: int | None = None) -> list[Heard]:
    async with asyncio.timeout(20), stream(gateway, path, last) as heard:
        return [one async for one in heard]


def lines(heard: list[Heard]) -> list[int]:
    return [line for one in heard if (line := one.line) is not None]


async def shown(gateway: Served, job_id: UUID) -> tuple[list[int], str]:
    """The movements that a page shows, and where it listens for more."""
    text = (await gateway.api.get(f"/console/jobs/{job_id}")).text
    found = re.search(r'hx-sse:connect="([^"]+)"', text)
    return [int(seq) for seq in SEQ.findall(text)], found[1] if found else ""


async def test_page_and_stream_together_show_each_movement_once(
    gateway: Served, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(scraped(job_id, 1))
    before, path = await shown(gateway, job_id)
    await deliver(scraped(job_id, 2), ready(job_id))  # after the page, before its stream
    async with asyncio.timeout(20), stream(gateway, path) as heard:
        first = await anext(heard)
        await deliver(assigned(job_id), mail(job_id, "sent"))
        rest = [first, *[one async for one in heard]]

    assert [*before, *lines(rest)] == await seqs(conn, job_id)
    assert [one.seq for one in rest if one.line] == lines(rest)
    assert rest[-1].name == "ended"


async def test_of_a_job_that_has_ended_the_stream_tells_what_the_page_had_no_room_for(
    gateway: Served, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await conn.execute(
        "insert into movement (job_id, run, step, state)"
        " select $1, 1, 'scrape', 'running' from generate_series(1, 500)",
        job_id,
    )
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))
    before, path = await shown(gateway, job_id)
    rest = await whole(gateway, path)

    assert len(before) == 500
    assert [*before, *lines(rest)] == await seqs(conn, job_id)


async def test_a_dropped_stream_goes_on_after_the_last_event(
    gateway: Served, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(*(scraped(job_id, done) for done in range(1, 4)))
    path = f"/console/jobs/{job_id}/events?after=0"
    async with asyncio.timeout(20), stream(gateway, path) as heard:
        begun = [await anext(heard) for _ in range(2)]
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))

    rest = await whole(gateway, path, begun[-1].seq)

    assert lines(begun) + lines(rest) == await seqs(conn, job_id)


async def test_after_the_movements_comes_where_the_job_stands(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(scraped(job_id, 2), failed(job_id, permanent=True))

    heard = await whole(gateway, f"/console/jobs/{job_id}/events")

    line, now, ended = heard[0], heard[-3], heard[-1]
    assert line.content.startswith('<hx-partial hx-target="#timeline" hx-swap="beforeend">')
    assert now.content.startswith('<hx-partial hx-target="#now" hx-swap="innerMorph">')
    assert f'action="/console/jobs/{job_id}/retry"' in now.content
    assert "2 / 3" in now.content
    assert (now.seq, ended.name) == (None, "ended")


async def test_whoever_comes_back_to_a_job_that_has_ended_is_told_so(
    gateway: Served, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=True))
    last = (await seqs(conn, job_id))[-1]

    heard = await whole(gateway, f"/console/jobs/{job_id}/events", last)

    assert lines(heard) == []
    assert [one.name for one in heard] == ["", "", "ended"]


async def test_the_line_of_the_stream_is_the_line_of_the_page(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=True))
    page = (await gateway.api.get(f"/console/jobs/{job_id}")).text

    heard = await whole(gateway, f"/console/jobs/{job_id}/events")

    for one in heard:
        if one.line:
            body = one.content.partition(">")[2].removesuffix("</hx-partial>").strip()
            assert body in page


async def test_what_a_movement_says_stays_text(
    gateway: Served, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await conn.execute(
        "insert into movement (job_id, run, step, state, detail) values ($1, 1, 'scrape', 'running', $2)",
        job_id,
        {"note": "</li>\r\ndata: x\n\n<hx-partial hx-target='body'><script>ran(1)</script>"},
    )
    await deliver(failed(job_id, permanent=True))

    heard = await whole(gateway, f"/console/jobs/{job_id}/events")

    assert lines(heard) == await seqs(conn, job_id)
    assert all("<script>" not in one.content for one in heard)
    assert [one.content.count("<hx-partial") for one in heard] == [
        *[1] * (len(heard) - 4),
        2,
        2,
        1,
        0,
    ]


async def test_the_list_of_jobs_is_sent_again_when_something_moves(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    async with asyncio.timeout(30), stream(gateway, "/console/jobs/events") as heard:
        first = await anext(heard)
        await deliver(failed(job_id))
        then = await anext(heard)

    assert first.content.startswith('<hx-partial hx-target="#jobs" hx-swap="innerMorph">')
    assert "processing</span>" in first.content
    assert ">pending</span>" in then.content


async def test_the_overview_is_sent_again_when_something_has_changed(
    gateway: Served, new_job: NewJob, deliver: Deliver
):
    async with asyncio.timeout(30), stream(gateway, "/console/events") as heard:
        first = await anext(heard)
        job_id = await new_job()
        await deliver(ready(job_id), assigned(job_id))
        then = await anext(heard)
        while "1 waiting" not in then.content:
            then = await anext(heard)

    assert first.content.startswith('<hx-partial hx-target="#overview" hx-swap="innerMorph">')


async def test_nobody_hears_without_a_session(gateway: Served, new_job: NewJob):
    job_id = await new_job()
    gateway.api.cookies.clear()
    for path in ("/console/events", "/console/jobs/events", f"/console/jobs/{job_id}/events"):
        answer = await gateway.api.get(path, headers={"Accept": "text/html, text/event-stream"})
        assert answer.status_code == 401, path


async def seqs(conn: Connection, job_id: UUID) -> list[int]:
    rows = await conn.fetch("select seq from movement where job_id = $1 order by seq", job_id)
    return [row["seq"] for row in rows]
