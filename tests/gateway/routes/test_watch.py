"""What stops being well is said once, and once more when it is well again."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from libs.common.postgres import Connection
from services.gateway.metrics import DEGRADED
from services.gateway.repository.connections import Connections
from services.gateway.repository.stalled import GAUGES
from services.gateway.routes.ports import Component
from services.gateway.routes.watch import Watch
from tests.gateway.conftest import NewJob
from tests.support.database import Database
from tests.support.scrape import scraped


class Bus:
    state = Component(status="ok", message="1 broker")

    async def ask(self) -> Component:
        await asyncio.sleep(0)
        return self.state


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def new_job(new_job: NewJob, conn: Connection) -> NewJob:
    """One whose event has reached the bus."""

    async def accept(**wanted: Any) -> UUID:
        job_id = await new_job(**wanted)
        await conn.execute("update outbox set published_at = public.clock()")
        return job_id

    return accept


@pytest.fixture
async def watch(database: Database, bus: Bus) -> Watch:
    for service in ("scraper", "assigner", "notifier", "scheduler"):
        await database.connect(service)
    return Watch(Connections(partial(database.connect, "gateway"), size=4).lend, bus.ask)


async def said(watch: Watch, looks: int = 1) -> list[dict[str, Any]]:
    with capture_logs() as lines:
        for _ in range(looks):
            await watch.look()
    return [dict(line) for line in lines]


def gauge(component: str) -> float:
    return DEGRADED.labels(component)._value.get()


async def test_stalled_jobs_are_said_when_they_begin_and_when_they_end(
    watch: Watch, database: Database, new_job: NewJob
):
    await new_job()
    assert await said(watch, 2) == []
    await database.advance(timedelta(minutes=16))
    shown = await scraped(database, "gateway", GAUGES)
    assert (shown["jobs_stalled", "silent"], shown["jobs_stalled", "overdue"]) == (1, 0)

    [line] = await said(watch, 5)

    assert (line["event"], line["component"]) == ("component_degraded", "jobs")
    assert line["message"].startswith(
        "1 have not moved for 15 minutes: each is asked for once more"
    )
    assert gauge("jobs") == 1
    admin = await database.connect()
    await admin.execute("update gateway.job set moved_at = public.clock()")
    [line] = await said(watch, 3)
    assert (line["event"], line["component"]) == ("component_well", "jobs")
    assert gauge("jobs") == 0


async def test_a_retry_that_nobody_begins_is_told(
    watch: Watch, database: Database, new_job: NewJob
):
    await new_job()
    admin = await database.connect()
    await admin.execute(
        """update gateway.job set status = 'pending', error_message = 'away',
           next_attempt_at = public.clock() - interval '6 minutes'"""
    )
    [line] = await said(watch, 2)
    assert line["message"] == "1 should run again by now: look at the gateway's log"
    assert (await scraped(database, "gateway", GAUGES))["jobs_stalled", "overdue"] == 1


async def test_a_job_that_waits_for_its_city_is_not_stalled(
    watch: Watch, database: Database, new_job: NewJob
):
    await new_job()
    admin = await database.connect()
    await admin.execute(
        """insert into scraper.refresh (insee_code, first_year, state)
           select cities[1], 2018, 'queued' from gateway.job"""
    )
    await database.advance(timedelta(minutes=16))
    assert await said(watch, 2) == []


async def test_mails_in_doubt_are_said(watch: Watch, database: Database):
    admin = await database.connect()
    await admin.execute(
        """insert into notifier.mail
             (id, kind, subject_id, message_id, state, version, next_try_at, give_up_at)
           values (uuidv7(), 'welcome', uuidv7(), 'a@x', 'unknown', 1, null, public.clock())"""
    )
    [line] = await said(watch, 3)
    assert (line["component"], line["status"]) == ("mails", "degraded")
    await admin.execute("update notifier.mail set state = 'sent'")
    [line] = await said(watch)
    assert line["event"] == "component_well"


async def test_a_moment_and_what_nobody_knows_are_no_news(watch: Watch, bus: Bus):
    bus.state = Component(status="down", message="away")
    assert await said(watch) == []
    bus.state = Component(status="ok", message="1 broker")
    assert await said(watch) == []
    bus.state = Component(status="unknown", message="not known")
    assert await said(watch, 3) == []
