"""What comes twice, late or at once, where one safeguard alone stands between it and a client."""

import asyncio
import contextlib
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from libs.common.events import StepFailed
from tests.faults.load import process, register
from tests.faults.records import Copy, producing, put
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario

QUIET_SECONDS: Final = 60
HALF: Final = 6
"""Clients enough: what is looked for happens to one or two of them."""
CALLERS: Final = 8
EVERYTHING: Final = 1000
"""More homes than a town has on offer."""

# As when an inbox has been pruned and an outbox is replayed. What speaks of the beginning of a job
# comes when all else has been heard.
AGAIN: Final = """
    truncate scraper.inbox, assigner.inbox, notifier.inbox;
    delete from gateway.inbox where event_id not in (
      select id from scraper.outbox where topic = 'step.progressed'
      union all select id from notifier.outbox where topic = 'step.progressed');
    update gateway.outbox set published_at = null;
    update scheduler.outbox set published_at = null;
    update assigner.outbox set published_at = null;
    update scraper.outbox set published_at = null where topic <> 'step.progressed';
    update notifier.outbox set published_at = null where topic <> 'step.progressed';
"""
LAST: Final = """
    delete from gateway.inbox where event_id in (
      select id from scraper.outbox where topic = 'step.progressed'
      union all select id from notifier.outbox where topic = 'step.progressed');
    update scraper.outbox set published_at = null where topic = 'step.progressed';
    update notifier.outbox set published_at = null where topic = 'step.progressed';
"""
FAILURES_TOLD: Final = (
    "select count(*) from gateway.outbox where topic = 'job.failed' and key = $1::text"
)
HEARD: Final = "select true from gateway.inbox where event_id = $1"


@scenario(
    "told again", "Everything is told once more, and all inboxes have forgotten it", clients=HALF
)
async def told_again(rig: Rig) -> None:
    """The keys of the business are the last wall: nobody gets anything twice."""
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    rig.ledger.replayed += (await rig.query("select count(*) from gateway.inbox"))[0][0]
    await rig.execute(AGAIN)
    with contextlib.suppress(Violated):  # it is judged when all has been told
        await quiet(rig, QUIET_SECONDS)
    await rig.execute(LAST)


@scenario("asked twice", "A client asks for all homes of a town, and then for more", clients=HALF)
async def asked_twice(rig: Rig) -> None:
    """There are none left, which is said; no door is given twice."""
    client_id = await register(rig, 90, addresses_per_report=EVERYTHING)
    for _ in range(2):
        await process(rig, client_id)
        await rig.until_row(
            "select bool_and(status not in ('processing', 'pending')) from gateway.job"
            " where client_id = $1",
            client_id,
        )


@scenario(
    "callers at once",
    "Many ask at once for one client, and one asks twice under one key",
    clients=HALF,
)
async def callers_at_once(rig: Rig) -> None:
    await rig.loaded.wait()
    client_id = await register(rig, 90)
    body = {"client_id": str(client_id)}
    asked = (rig.api.post("/api/process-client", json=body) for _ in range(CALLERS))
    _keep(rig, client_id, await asyncio.gather(*asked), "ask for one client at once")
    other = await register(rig, 91)
    key = {"Idempotency-Key": str(uuid4())}
    again = [
        await rig.api.post(
            "/api/add-addresses", json={"client_id": str(other), "count": 2}, headers=key
        )
        for _ in range(2)
    ]
    _keep(rig, other, again, "ask under one key")


def _keep(rig: Rig, client_id: UUID, answers: list[Any], says: str) -> None:
    """They are to be answered with one job."""
    jobs = {UUID(answer.json()["job_id"]) for answer in answers if answer.is_success}
    rig.ledger.jobs |= dict.fromkeys(jobs, client_id)
    rig.expect(f"who {says} are given one job", partial(_are_one, jobs))


async def _are_one(jobs: set[UUID]) -> None:
    if len(jobs) != 1:
        raise Violated(f"{len(jobs)} jobs")


@scenario("more bad news", "A job that has failed for good fails once more", clients=HALF)
async def more_bad_news(rig: Rig) -> None:
    """A person has heard of it, once."""
    client_id = await register(rig, 90)
    rig.ledger.may_fail.add(client_id)
    rig.post.on("RCPT", reply="550 5.1.1 nobody of that name", to="adresse90@agence.example")
    job_id = await process(rig, client_id)
    row = await rig.until_row(
        "select status = 'failed', kind, run, ladder from gateway.job where id = $1", job_id
    )
    more = StepFailed(
        job_id=job_id,
        client_id=client_id,
        kind=row["kind"],
        run=row["run"],
        ladder=row["ladder"],
        step="assign",
        permanent=True,
        reason="heard of later",
    )
    await _tell(rig, more)
    rig.expect("a failed job is told to people once", partial(_told_once, rig, client_id))


async def _tell(rig: Rig, event: StepFailed) -> None:
    """Have the gateway handle an event that no outbox holds."""
    [row] = await rig.query("select public.clock() as now")
    copy = Copy(
        service="assigner",
        id=uuid4(),
        topic=event.topic,
        key=event.key,
        type=event.type,
        payload=msgspec.json.encode(event),
        headers={},
        created_at=row["now"],
    )
    rig.ledger.injected.add(copy.id)
    async with producing(rig) as producer:
        await put(rig, producer, copy)
    await rig.until_row(HEARD, copy.id)


async def _told_once(rig: Rig, client_id: UUID) -> None:
    [row] = await rig.query(FAILURES_TOLD, str(client_id))
    if row[0] != 1:
        raise Violated(f"{row[0]} times")


@scenario(
    "two schedulers",
    "A scheduler is slow to commit a tick, and another looks at the clock meanwhile",
    clients=HALF,
    replicas={"scheduler": 2},
    failpoint={"scheduler": "scheduler.before-commit:sleep:1:3"},
)
async def two_schedulers(rig: Rig) -> None:
    """One of them emits it."""
    await rig.loaded.wait()
    rig.expect("each tick is told once", partial(_ticks_told_once, rig))


async def _ticks_told_once(rig: Rig) -> None:
    rows = await rig.query(
        "select topic, key from scheduler.outbox group by 1, 2 having count(*) > 1"
    )
    if rows:
        raise Violated(f"{len(rows)} more than once: {rows[0]['topic']} {rows[0]['key']}")


@scenario("calm few", "Nothing happens, to few clients", clients=HALF)
async def calm_few(rig: Rig) -> None:
    await rig.loaded.wait()


@scenario(
    "two of each",
    "Two processes of each service, all the time",
    clients=HALF,
    replicas=dict.fromkeys(("scraper", "assigner", "notifier", "scheduler"), 2),
)
async def two_of_each(rig: Rig) -> None:
    await rig.loaded.wait()
