"""Outcomes move their jobs, in whatever order they arrive."""

import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from libs.common.events import MailSettled, StepFailed
from libs.common.postgres import Connection
from services.gateway.repository import jobs
from tests.gateway.conftest import Deliver, NewJob, Published
from tests.gateway.happened import (
    CLIENT,
    Happened,
    assigned,
    base,
    failed,
    insufficient,
    mail,
    ready,
    scraped,
    waiting,
)

HISTORIES: dict[str, tuple[Callable[[UUID], Happened], ...]] = {
    "delivered": (
        lambda job: scraped(job, 1), lambda job: scraped(job, 3), ready, assigned, lambda job: mail(job, "sent"),
    ),
    "waited for the mail": (ready, assigned, waiting, lambda job: mail(job, "unknown"), lambda job: mail(job, "failed", 2)),
    "too few": (ready, lambda job: assigned(job, 3), lambda job: insufficient(job, 3), lambda job: mail(job, "sent")),
    "none found": (ready, lambda job: insufficient(job, 0)),
    "failed once": (lambda job: scraped(job, 1), failed, lambda job: scraped(job, 2)),
    "failed for good": (failed, lambda job: failed(job, permanent=True), ready),
    "refused, then resent": (ready, assigned, lambda job: mail(job, "failed"), lambda job: mail(job, "sent", 2)),
}  # fmt: skip


async def seen(conn: Connection, job_id: UUID) -> dict[str, Any]:
    """The job without its ids and instants."""
    shown = msgspec.to_builtins(await jobs.job_status(conn, job_id))
    for step in shown["progress"]["steps"].values():
        del step["seconds"]
    for run in shown["progress"]["attempts"]:
        del run["began_at"], run["ended_at"]
    shown["progress"]["next_attempt_at"] = shown["progress"]["next_attempt_at"] is not None
    for varying in ("job_id", "client_id", "created_at", "updated_at"):
        del shown[varying]
    return shown


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
async def test_every_permutation_with_repeats_ends_in_the_same_job(
    conn: Connection,
    new_job: NewJob,
    deliver: Deliver,
    history: Sequence[Callable[[UUID], Happened]],
) -> None:
    """A job for each permutation; each round delivers its next event, some twice or once more."""
    chance = random.Random(2)
    lives = [([], await new_job(), order) for order in itertools.permutations(history)]
    for position in range(len(history)):
        batch: list[Happened] = []
        for said, job_id, order in lives:
            said.append(order[position](job_id))
            batch += [said[-1], *chance.sample(said, k=chance.randint(0, len(said)))]
        await deliver(*batch)
    ends = [await seen(conn, job_id) for _, job_id, _ in lives]
    assert all(end == ends[0] for end in ends)


async def test_a_job_goes_from_accepted_to_completed(
    conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await deliver(scraped(job_id, 3), ready(job_id))
    assert (await seen(conn, job_id))["progress"]["step"] == "assign"
    await deliver(assigned(job_id))
    await deliver(mail(job_id, "sent"))
    status = await jobs.job_status(conn, job_id)
    assert status is not None
    assert (status.status, status.properties_assigned) == ("completed", 10)


async def test_events_of_an_older_run_change_nothing(
    conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await conn.execute("update job set run = 2, attempt = 2 where id = $1", job_id)
    before = await seen(conn, job_id)
    await deliver(ready(job_id), assigned(job_id), failed(job_id, permanent=True))
    assert await seen(conn, job_id) == before
    await deliver(assigned(job_id, run=2), assigned(job_id, 3))
    assert (await seen(conn, job_id))["properties_assigned"] == 10


async def test_an_event_of_an_unknown_job_changes_nothing(
    conn: Connection, deliver: Deliver
) -> None:
    await deliver(ready(uuid4()), mail(uuid4(), "sent"), failed(uuid4()))
    assert await conn.fetchval("select count(*) from movement") == 0
    assert await conn.fetchval("select count(*) from outbox") == 0


async def test_other_mails_never_touch_a_job(
    conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await deliver(mail(job_id, "failed", kind="insufficient"), mail(job_id, "sent", kind="error"))
    welcome = MailSettled(
        mail_id=uuid4(), mail_kind="welcome", subject_id=CLIENT, state="sent", version=1
    )
    await deliver(welcome)
    assert (await seen(conn, job_id))["status"] == "processing"


async def test_a_failure_for_good_is_said_once(
    new_job: NewJob, deliver: Deliver, published: Published
) -> None:
    job_id = await new_job()
    for _ in range(3):
        await deliver(failed(job_id, permanent=True), mail(job_id, "failed"))
        await deliver(mail(job_id, "failed", version=2))
    (said,) = await published("job.failed")
    assert said["job_id"] == str(job_id)
    assert (said["attempts"], said["ladder"]) == (1, 1)


async def test_words_from_outside_may_hold_anything(
    conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    rude = StepFailed(**base(job_id), step="assign", permanent=True, reason="\x00é" + "x" * 9_000)
    await deliver(rude)
    assert len((await seen(conn, job_id))["error_message"]) == 500


async def test_a_waiting_mail_says_when(
    conn: Connection, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await deliver(ready(job_id), assigned(job_id), waiting(job_id))
    shown = (await seen(conn, job_id))["progress"]["steps"]["mail"]
    assert (shown["state"], shown["next_try_at"]) == ("waiting", "2026-11-21T10:05:00Z")
