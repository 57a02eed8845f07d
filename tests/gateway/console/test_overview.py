"""The overview: this month, four tiles, what needs a person."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.repository.console import overview
from services.gateway.routes.console.glance import STATE_SECONDS
from tests.gateway.conftest import Deliver, NewClient, NewJob
from tests.gateway.console.conftest import Console
from tests.gateway.happened import assigned, failed, mail, ready, waiting
from tests.support.database import Database

LATE = True
SERVICES = ("gateway", "scraper", "assigner", "notifier", "scheduler")
MAIL = """
    insert into notifier.mail (id, kind, subject_id, message_id, client_id, job_id, job_kind, run, ladder,
      state, version, next_try_at, give_up_at, created_at, updated_at)
    select id, 'notification', id, id || '@x', $2, id, 'add', 1, 1, $3::text, ($3 <> 'pending')::int,
           case when $3 = 'pending' then public.clock() - $4::interval end, public.clock(),
           public.clock() - $4::interval, public.clock() - $4::interval
    from unnest($1::uuid[]) as id
"""
DELIVERY = """
    insert into monthly_delivery (client_id, month, due_on, job_id, late)
    select client_id, date_trunc('month', $2::date)::date, $2, id, $3 from job where id = $1
"""


@pytest.fixture
async def everyone(database: Database) -> dict[str, Connection]:
    """A session of each service, so that none of them is away."""
    return {service: await database.connect(service) for service in SERVICES}


def today() -> date:
    return datetime.now(UTC).date()


async def mails(admin: Connection, state: str, *ids: UUID, ago: float = 0) -> None:
    await admin.execute(MAIL, list(ids) or [uuid4()], uuid4(), state, timedelta(seconds=ago))


async def test_a_month_counts_clients_by_how_far_they_are(
    conn: Connection, admin: Connection, new_client: NewClient, new_job: NewJob, deliver: Deliver
):
    jobs = [await new_job() for _ in range(7)]
    running, ready_, put_off, pending, broken, sent, held = jobs
    for job_id in jobs:
        await conn.execute(DELIVERY, job_id, today().replace(day=1), job_id == running)
    await deliver(
        *map(ready, (ready_, put_off, sent, held)),
        *map(assigned, (put_off, sent, held)),
        waiting(put_off), failed(pending), failed(broken, permanent=True),
        mail(sent, "sent"), mail(held, "suppressed"),
    )  # fmt: skip
    await mails(admin, "suppressed", held)
    for day in (28, 28):
        await new_client(send_day=day)

    month = await overview.month(conn)

    assert month.due >= 7
    assert month.due - month.to_come == 7
    assert (month.scraped, month.chosen, month.mailed) == (4, 3, 1)
    assert (month.held, month.put_off, month.failed) == (1, 2, 1)
    assert month.late >= 1
    assert month.oldest_at is not None


async def test_a_month_without_anybody_says_so(console: Console):
    page = await console.get("/console")

    assert page.status_code == 200
    assert "No client has a delivery this month" in page.text


async def test_mails_that_wait_while_none_goes_turn_their_tile(
    console: Console, admin: Connection, everyone: dict[str, Connection]
):
    await mails(admin, "pending", *(uuid4() for _ in range(34)), ago=12)

    tile = tile_of((await console.get("/console")).text, "mails")

    assert "amber" in tile
    assert re.search(r"Mail is paused: 1[2-9] s old, 34 waiting\.", tile)


async def test_mails_that_wait_their_turn_do_not(
    console: Console, admin: Connection, everyone: dict[str, Connection]
):
    await mails(admin, "pending", uuid4(), uuid4(), ago=30)
    await mails(admin, "sent", uuid4(), ago=1)

    tile = tile_of((await console.get("/console")).text, "mails")

    assert "amber" not in tile
    assert re.search(r"2 waiting, the oldest for 3\d s\.", tile)


async def test_a_notifier_that_is_away_turns_it_at_once(
    console: Console, admin: Connection, everyone: dict[str, Connection]
):
    await mails(admin, "pending", ago=2)
    assert "amber" not in tile_of((await console.get("/console")).text, "mails")
    await everyone["notifier"].close()
    await until_gone(admin, "notifier")

    await asyncio.sleep(STATE_SECONDS)
    text = (await console.get("/console")).text

    assert "amber" in tile_of(text, "mails")
    assert "Mail has stopped, no notifier is connected" in text
    assert "notifier is not connected to PostgreSQL" in text


async def test_a_job_whose_mail_is_not_written_waits_too(
    conn: Connection, new_job: NewJob, deliver: Deliver
):
    one, waits = await new_job(), await new_job()
    await deliver(*map(ready, (one, waits)), *map(assigned, (one, waits)), mail(one, "sent"))

    assert (await overview.mails_waiting(conn)).waiting == 1


DEAD = """
    insert into scraper.held_message (consumer, topic, partition, "offset", headers, raw_sha256, reason,
      error, state)
    values ('scraper', 'client.process', 0, 1, '[]', 'x', 'bug', 'x', 'dead')
"""
MISSED = """
    insert into scheduler.tick (kind, due_on, state, late)
    values ('send_day', (public.clock() at time zone 'Europe/Paris')::date - 1, 'missed', true)
"""
UNHANDLED = """
    insert into scheduler.tick (kind, due_on, state, late, created_at)
    values ('pre_notification', (public.clock() at time zone 'Europe/Paris')::date, 'emitted', false,
            public.clock() - interval '20 min')
"""


SILENT = (
    "insert into gateway.lag_look values (true, public.clock(), public.clock() - interval '1 min')"
)


@pytest.mark.parametrize(
    "statement, words, path",
    [
        (SILENT, "The bus does not answer", "/console/topics"),
        (DEAD, "Dead letters of the scraper: 1", "/console/dead-letters?service=scraper"),
        (MISSED, "were missed", "/console/schedule"),
        (UNHANDLED, "were started and not handled yet", "/console/schedule"),
    ],
)
async def test_what_needs_a_person_leads_to_what_settles_it(
    console: Console, admin: Connection, everyone: dict[str, Connection],
    statement: str, words: str, path: str,
):  # fmt: skip
    await admin.execute(statement)

    text = (await console.get("/console")).text

    assert words in text
    assert f'href="{path}"' in text


async def test_mails_in_doubt_and_jobs_that_failed_or_stand_still_need_a_person(
    console: Console, conn: Connection, admin: Connection, new_job: NewJob, deliver: Deliver,
    everyone: dict[str, Connection],
):  # fmt: skip
    undelivered, silent, overdue = [await new_job() for _ in range(3)]
    await mails(admin, "unknown")
    await deliver(failed(undelivered, permanent=True), failed(overdue))
    await conn.execute("update job set kind = 'scheduled' where id = $1", undelivered)
    await conn.execute(DELIVERY, undelivered, today().replace(day=1), not LATE)
    await conn.execute(
        "update job set moved_at = moved_at - interval '16 min' where id = $1", silent
    )
    await conn.execute(
        "update job set next_attempt_at = public.clock() - interval '6 min' where id = $1", overdue
    )

    text = (await console.get("/console")).text

    assert "Mails that may or may not have arrived: 1" in text
    assert "A job has not moved for 16 min" in text
    assert "A job should have run again 6 min ago" in text
    for job_id in (undelivered, silent, overdue):
        assert f'href="/console/jobs/{job_id}"' in text


async def test_where_all_is_well_nobody_is_called(
    console: Console, everyone: dict[str, Connection]
):
    text = (await console.get("/console")).text

    assert "Nothing: everything moves by itself." in text
    assert "Everything is published." in text


async def test_the_page_speaks_french_too(console: Console):
    text = (await console.get("/console", headers={"Accept-Language": "fr"})).text

    assert "Vue d’ensemble" in text
    assert "Aucun notifier n’est connecté" in text


def tile_of(text: str, name: str) -> str:
    match = re.search(rf'<li id="tile-{name}".*?</li>', text, re.DOTALL)
    assert match, text
    return match[0]


async def until_gone(admin: Connection, service: str) -> None:
    asked = (
        "select count(*) from pg_stat_activity where usename = $1 and datname = current_database()"
    )
    while await admin.fetchval(asked, service):  # noqa: ASYNC110 - PostgreSQL has no event for it
        await asyncio.sleep(0.05)
