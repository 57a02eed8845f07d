"""The list of jobs, a job, and what can be done about it."""

import base64
import itertools
import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.repository.console import jobs
from services.gateway.repository.console.jobs import KINDS, STATES, Wanted
from tests.gateway.conftest import Deliver, NewClient, NewJob, Published
from tests.gateway.console.conftest import Console
from tests.gateway.happened import assigned, failed, mail, ready, scraped, waiting

ROW = re.compile(r'<tr id="job-([0-9a-f-]+)">')
UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"
DEAD = """
    insert into assigner.held_message (consumer, topic, partition, "offset", headers, raw_sha256, reason,
      error, state)
    values ('assigner', 'properties.ready', 0, 1,
            jsonb_build_array(jsonb_build_array('correlation_id', $1::text)), 'x', 'bug', 'no such column',
            'dead')
    returning id
"""
MAIL = """
    insert into notifier.mail (id, kind, subject_id, message_id, client_id, job_id, job_kind, run, ladder,
      state, version, give_up_at, evidence)
    values ($1, 'notification', $2, 'x@x', $2, $2, 'add', 1, 1, 'unknown', 1, public.clock(), '<b>lost</b>')
"""


def rows(text: str) -> list[str]:
    return ROW.findall(text)


async def listed(console: Console, query: str = "") -> list[str]:
    answer = await console.get(f"/console/jobs{query}")
    assert answer.status_code == 200, answer.text
    return rows(answer.text)


async def test_every_filter_leaves_what_it_says(
    console: Console, conn: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    one = await new_client()
    running, pending, broken, done = [str(await new_job(client_id=one)) for _ in range(4)]
    other = str(await new_job())
    await deliver(
        failed(UUID(pending)), failed(UUID(broken), permanent=True),
        ready(UUID(done)), assigned(UUID(done)), mail(UUID(done), "sent"),
    )  # fmt: skip
    await conn.execute(
        "update job set kind = 'test', cities = '{29019}', created_at = created_at - interval '3 days'"
        " where id = $1",
        UUID(other),
    )

    assert await listed(console) == [done, broken, pending, running, other]
    assert await listed(console, "?status=processing") == [running, other]
    assert await listed(console, "?status=pending") == [pending]
    assert await listed(console, "?status=failed") == [broken]
    assert await listed(console, "?status=completed") == [done]
    assert await listed(console, "?kind=test") == [other]
    assert await listed(console, f"?client_id={one}&status=failed") == [broken]
    assert await listed(console, "?city=29019") == [other]
    since = date.today() - timedelta(days=1)  # noqa: DTZ011 - any day between the two will do
    assert len(await listed(console, f"?since={since}&kind=add")) == 4


async def test_a_filter_of_nothing_restricts_nothing_and_a_wrong_one_is_refused(
    console: Console, new_job: NewJob
):
    await new_job()

    assert len(await listed(console, "?status=&kind=&client_id=&city=&since=")) == 1
    for query in ("status=lost", "kind=x", "client_id=7", "since=yesterday", "page=0"):
        assert (await console.get(f"/console/jobs?{query}")).status_code in {400, 422}, query


async def test_an_empty_list_says_what_to_do(console: Console):
    assert "No job yet" in (await console.get("/console/jobs")).text
    assert "Widen the filters" in (await console.get("/console/jobs?status=failed")).text


async def test_pages_follow_each_other(console: Console, conn: Connection, new_job: NewJob):
    job_id = await new_job()
    await conn.execute(
        "insert into job (client_id, kind, count, as_of, seed, cities, kinds)"
        " select client_id, kind, count, as_of, seed, cities, kinds from job, generate_series(1, 60)"
        " where id = $1",
        job_id,
    )
    first = (await console.get("/console/jobs?kind=add")).text
    second = (await console.get("/console/jobs?kind=add&page=2")).text

    assert (len(rows(first)), len(rows(second))) == (50, 11)
    assert not set(rows(first)) & set(rows(second))
    assert 'href="/console/jobs?kind=add&amp;page=2"' in first
    assert 'href="/console/jobs?kind=add"' in second


async def test_tabs_count_to_a_bound(
    console: Console, conn: Connection, new_job: NewJob, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "MOST_COUNTED", 2)
    for _ in range(4):
        await new_job()

    assert await jobs.counts(conn) == {"processing": 3, "pending": 0, "completed": 0, "failed": 0}


async def test_every_combination_is_a_statement(conn: Connection):
    for status, kind in itertools.product((None, *STATES), (None, *KINDS)):
        wanted = Wanted(status=status, kind=kind, client=uuid4(), city="01053")
        assert await jobs.page(conn, wanted, limit=1, offset=0) == []


async def test_a_job_tells_its_steps_runs_and_what_belongs_to_it(
    console: Console, admin: Connection, new_job: NewJob, deliver: Deliver
):
    job_id, mail_id = await new_job(), uuid4()
    await deliver(scraped(job_id, 2), ready(job_id), assigned(job_id, 7), waiting(job_id))
    await admin.execute(MAIL, mail_id, job_id)
    header = base64.b64encode(str(job_id).encode()).decode()
    letter_id = await admin.fetchval(DEAD, header)

    text = (await console.get(f"/console/jobs/{job_id}")).text

    assert len(re.findall(r'<li id="moved-\d+"', text)) == 7
    assert "2 / 3" in text
    assert "7 found of 10" in text
    assert 'datetime="2026-11-21T10:05:00+00:00"' in text
    assert f'href="/console/mails/{mail_id}"' in text
    assert "&lt;b&gt;lost&lt;/b&gt;" in text
    assert f'href="/console/dead-letters/assigner/{letter_id}"' in text
    assert "Bourg-en-Bresse" in text
    assert f"/console/jobs/{job_id}/events?after=" in text


async def test_a_job_that_has_ended_is_not_followed(
    console: Console, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    await deliver(failed(job_id, permanent=True))

    assert "hx-sse:connect" not in (await console.get(f"/console/jobs/{job_id}")).text


async def test_an_id_of_no_job_is_told_so(console: Console):
    assert (await console.get(f"/console/jobs/{UNKNOWN}")).status_code == 404
    assert (await console.get("/console/jobs/7")).status_code == 422
    assert (await console.get(f"/console/jobs/{UNKNOWN}/events")).status_code == 404


async def test_a_failed_job_is_retried_by_the_rules_of_the_interface(
    console: Console, conn: Connection, new_job: NewJob, deliver: Deliver, published: Published
):
    job_id = await new_job()
    path = f"/console/jobs/{job_id}"
    await deliver(failed(job_id, permanent=True))
    assert f'action="{path}/retry"' in (await console.get(path)).text

    page = await console.follow(await console.post(f"{path}/retry"))

    assert "The job has started again" in page
    assert [event["ladder"] for event in await published("client.process")] == [1, 2]
    assert await conn.fetchval("select action from audit order by id desc limit 1") == "job.retry"
    again = await console.follow(await console.post(f"{path}/retry"))
    assert "This job cannot be retried now." in again


async def test_a_pending_job_is_cancelled(
    console: Console, conn: Connection, new_job: NewJob, deliver: Deliver
):
    job_id = await new_job()
    path = f"/console/jobs/{job_id}"
    await deliver(failed(job_id))
    assert f'action="{path}/cancel"' in (await console.get(path)).text

    page = await console.follow(await console.post(f"{path}/cancel"))

    assert "The job is cancelled." in page
    assert await conn.fetchval("select status from job where id = $1", job_id) == "failed"
    assert "no longer waits" in await console.follow(await console.post(f"{path}/cancel"))


async def test_nobody_acts_without_the_mark_of_the_form(console: Console, new_job: NewJob):
    answer = await console.http.post(f"/console/jobs/{await new_job()}/retry", data={"csrf": "0"})

    assert answer.status_code == 403
