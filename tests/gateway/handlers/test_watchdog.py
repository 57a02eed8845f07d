"""A job that nothing is heard of is asked for once more, then counted as failed."""

from datetime import timedelta
from typing import Any

import pytest

from libs.common import outbox
from libs.common.postgres import Connection
from services.gateway.handlers.watchdog import watch
from services.gateway.repository import movements, watchdog
from tests.gateway.conftest import Deliver, NewJob, Published
from tests.gateway.happened import assigned, ready, scraped, waiting
from tests.support.database import Database

QUARTER = timedelta(minutes=15)

REFRESH = """
    insert into scraper.refresh (insee_code, first_year, state) values ($1, 2018, 'queued')
"""

MAIL = """
    insert into notifier.mail (id, kind, subject_id, message_id, client_id, job_id, job_kind, run,
                               ladder, next_try_at, give_up_at)
    values ($1, 'notification', $1, 'm', $1, $1, 'add', 1, 1, public.clock(), public.clock())
"""


async def look(conn: Connection) -> None:
    async with outbox.transaction(conn) as emit:
        await watch(conn, emit, watched=watchdog, runs=movements, max_retries=3)


async def row(conn: Connection) -> dict[str, Any]:
    found = await conn.fetchrow("select status, run, error_message from job")
    assert found is not None
    return dict(found)


async def test_a_silent_job_is_asked_again_once_then_goes_to_the_ladder(
    database: Database, conn: Connection, new_job: NewJob, published: Published
) -> None:
    await new_job()
    await look(conn)
    assert len(await published("client.process")) == 1
    await database.advance(QUARTER)
    await look(conn)
    await look(conn)
    first, second = await published("client.process")
    assert first == second
    assert len(set(await conn.fetch("select id from outbox"))) == 2
    await database.advance(QUARTER)
    await look(conn)
    assert len(await published("client.process")) == 2
    assert await row(conn) == {
        "status": "pending", "run": 1,
        "error_message": "Nothing was heard of the scrape step for 15 minutes, twice",
    }  # fmt: skip


async def test_movement_is_life(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver, published: Published
) -> None:
    job_id = await new_job()
    for done in (1, 2, 3):
        await database.advance(timedelta(minutes=14))
        await deliver(scraped(job_id, done))
        await look(conn)
    assert len(await published("client.process")) == 1
    await database.advance(QUARTER)
    await look(conn)
    await database.advance(timedelta(minutes=10))
    await deliver(ready(job_id))
    await database.advance(timedelta(minutes=10))
    await look(conn)
    assert (await row(conn))["status"] == "processing"
    await database.advance(timedelta(minutes=5))
    await look(conn)
    assert "assign" in (await row(conn))["error_message"]


async def test_a_mail_that_waits_is_not_silence(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver, published: Published
) -> None:
    job_id = await new_job()
    await (await database.connect()).execute(MAIL, job_id)
    await deliver(ready(job_id), assigned(job_id), waiting(job_id))
    await database.advance(timedelta(hours=20))
    await look(conn)
    assert len(await published("client.process")) == 1


async def test_a_mail_that_waits_no_more_is_asked_for_again_when_its_news_were_lost(
    database: Database, conn: Connection, new_job: NewJob, deliver: Deliver, published: Published
) -> None:
    job_id, admin = await new_job(), await database.connect()
    await admin.execute(MAIL, job_id)
    await deliver(ready(job_id), assigned(job_id), waiting(job_id))
    await admin.execute("update notifier.mail set state = 'sent', version = 1, next_try_at = null")
    await database.advance(QUARTER)
    await look(conn)
    assert len(await published("client.process")) == 2


async def test_silence_is_seen_after_a_quarter(
    database: Database, conn: Connection, new_job: NewJob
) -> None:
    await new_job()
    assert not await watchdog.is_any_silent(conn, QUARTER)
    await database.advance(QUARTER)
    assert await watchdog.is_any_silent(conn, QUARTER)


async def test_an_open_refresh_of_a_city_explains_silence(
    database: Database, conn: Connection, new_job: NewJob, published: Published
) -> None:
    await new_job()
    admin = await database.connect()
    await admin.execute(REFRESH, "64260")
    await database.advance(timedelta(hours=20))
    await look(conn)
    assert len(await published("client.process")) == 1
    await admin.execute("delete from scraper.refresh")
    await admin.execute(REFRESH, "69123")
    await look(conn)
    assert len(await published("client.process")) == 2


@pytest.mark.parametrize("service", ["gateway", "scraper", "assigner", "notifier"])
async def test_events_that_do_not_reach_the_bus_are_seen(
    database: Database, conn: Connection, service: str
) -> None:
    own = await database.connect(service)
    assert not await watchdog.has_unpublished(conn)
    await own.execute("insert into outbox (topic, key, type, payload) values ('t', 'k', 'x', '')")
    assert not await watchdog.has_unpublished(conn)
    await database.advance(timedelta(minutes=2))
    assert await watchdog.has_unpublished(conn)
