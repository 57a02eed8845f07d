"""Whoever is erased in the middle of a run gets nothing more, and is named nowhere."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio

from libs.common.events import TOPICS
from tests.journeys.people import person, words
from tests.journeys.post_office import PostOffice, post_office
from tests.journeys.traces import in_database, in_logs, on_bus
from tests.support.stack import Stack, running_stack, until

pytestmark = [pytest.mark.journey, pytest.mark.any_broker, pytest.mark.asyncio(loop_scope="module")]

OPEN = """
    select (select count(*) from gateway.job where status in ('processing', 'pending'))
      + (select count(*) from notifier.mail where state in ('pending', 'claimed', 'handing_off'))
      + (select count(*) from gateway.erased_client e
         where not exists (select from assigner.erased_client a where a.client_id = e.id))
      + (select count(*) from notifier.mail m join gateway.erased_client e on e.id = m.client_id
         where not m.blanked and m.state <> 'suppressed') as number
"""
UNSAID = " + ".join(
    f"(select count(*) from {schema}.outbox where published_at is null)"  # noqa: S608 - our own
    for schema in ("gateway", "scraper", "assigner", "notifier", "scheduler")
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncGenerator[PostOffice]:
    async with post_office() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(
    tmp_path_factory: pytest.TempPathFactory, office: PostOffice
) -> AsyncGenerator[Stack]:
    mail = {"SMTP_SERVER": "127.0.0.1", "SMTP_PORT": str(office.port), "SMTP_SECURITY": "none"}
    folder = tmp_path_factory.mktemp("erasure")
    async with running_stack(folder, {**mail, "LOG_LEVEL": "DEBUG"}) as started:
        keys = json.loads((folder / "keys.json").read_text())
        started.api.headers["X-Admin-Key"] = keys["ADMIN_API_KEY"]
        yield started


@contextmanager
def stopped(stack: Stack, service: str) -> Generator[None]:
    """A service that does nothing for a while."""
    process = stack.state()["pids"][service]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def registered(stack: Stack, office: PostOffice, point: str) -> str:
    """One of them, whose welcome has arrived."""
    who = person(point)
    client_id = await stack.register(1, **dict[str, Any](who))

    async def welcomed() -> bool:
        await asyncio.sleep(0)
        return office.to(who["email"]) == 1

    await until(welcomed)
    return client_id


async def asked(stack: Stack, method: str, path: str, **given: Any) -> Any:
    answer = await stack.api.request(method, path, **given)
    assert answer.status_code < 300, f"{path}: {answer.text}"
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.json() if is_json else None


async def erased(stack: Stack, client_id: str) -> None:
    await asked(stack, "DELETE", f"/api/clients/{client_id}")


async def quiet(stack: Stack) -> None:
    """Nothing is under way, and everybody has heard of every erasure."""

    async def still() -> bool:
        [row] = await stack.query(f"select ({OPEN}) + {UNSAID} as number")
        return row["number"] == 0

    await until(still, 60)


async def is_there(stack: Stack, statement: str, *arguments: Any) -> None:
    await until(lambda: stack.query(statement, *arguments))


async def test_before_the_choice(stack: Stack, office: PostOffice) -> None:
    client_id = await registered(stack, office, "choice")
    with stopped(stack, "assigner"):
        job_id = await stack.start_job(client_id)
        await is_there(
            stack,
            "select from gateway.movement where job_id = $1::uuid and step = 'assign'",
            job_id,
        )
        await erased(stack, client_id)
    job = await stack.finished(job_id)
    await quiet(stack)

    assert (job["status"], job["error_message"]) == ("failed", "erased")
    assert office.to(person("choice")["email"]) == 1
    assert await stack.query("select count(*) from assigner.delivered") == [(0,)]


async def test_between_choice_and_mail(stack: Stack, office: PostOffice) -> None:
    client_id = await registered(stack, office, "mail")
    with stopped(stack, "notifier"):
        job_id = await stack.start_job(client_id)
        await is_there(
            stack,
            "select from gateway.movement where job_id = $1::uuid and step = 'mail'",
            job_id,
        )
        counted = await numbers(stack)
        await erased(stack, client_id)
        assert await numbers(stack) == counted
    await quiet(stack)

    assert office.to(person("mail")["email"]) == 1
    assert await numbers(stack) == counted
    assert counted["total_assignments"] == 10


async def test_while_the_mail_is_claimed(stack: Stack, office: PostOffice) -> None:
    client_id, address = await registered(stack, office, "claim"), person("claim")["email"]
    office.held[address] = asyncio.Event()
    job_id = await stack.start_job(client_id)

    async def offered() -> bool:
        await asyncio.sleep(0)
        return address in office.waiting

    await until(offered)
    await erased(stack, client_id)
    office.held.pop(address).set()
    await quiet(stack)

    assert office.to(address) == 1
    states = await stack.query(
        "select state from notifier.mail where job_id = $1::uuid and kind = 'notification'", job_id
    )
    assert states == [("suppressed",)]


async def test_after_a_long_life(stack: Stack, office: PostOffice) -> None:
    who = person("end")
    client_id = await registered(stack, office, "end")
    await stack.finished(await stack.start_job(client_id))
    shown = await asked(stack, "GET", f"/api/get-client-properties/{client_id}")
    home = f"/api/clients/{client_id}/properties/{shown['properties'][0]['address_id']}"
    for note in (f"{who['first_name']} called", f"{who['last_name']} met the owner"):
        await asked(stack, "PATCH", home, json={"status": "contacted", "notes": note})
    await asked(stack, "POST", f"/admin/client/{client_id}/reset-assignments")
    await stack.finished(await stack.start_job(client_id))
    more = {"client_id": client_id, "count": 1000}
    key = {"Idempotency-Key": "again"}
    added = await asked(stack, "POST", "/api/add-addresses", json=more, headers=key)
    await stack.finished(added["job_id"])
    for kind in ("notification", "monthly", "welcome", "insufficient", "error"):
        await asked(stack, "GET", f"/admin/mails/preview/{kind}", params={"client_id": client_id})
        test = {"recipient": who["email"], "template_type": kind}
        await asked(
            stack, "POST", "/admin/test-email", json=test, headers={"Idempotency-Key": kind}
        )
    await asked(stack, "PATCH", f"/api/clients/{client_id}", json={"status": "inactive"})
    await quiet(stack)
    before, sent = await numbers(stack), len(office.taken)
    mails = "select kind, count(*) from notifier.mail group by kind order by kind"
    had = await stack.query(mails)
    await stack.query("analyze")  # as the server does by itself, sooner or later
    assert len(await in_database(stack, list(who.values()))) > 10

    await erased(stack, client_id)
    await quiet(stack)

    assert await in_database(stack, list(who.values())) == []
    assert len(office.taken) == sent
    assert await numbers(stack) == before
    assert await stack.query(mails) == had


async def test_what_a_rude_server_said_is_forgotten_too(stack: Stack, office: PostOffice) -> None:
    who = person("refused")
    client_id = await registered(stack, office, "refused")
    office.refused[who["email"]] = (
        f"550 5.1.1 <{who['email']}>: {who['first_name']} {who['company_name']} is unknown".encode(
            "ascii", "replace"
        ).decode()
    )
    job_id = await stack.start_job(client_id)
    assert (await stack.finished(job_id))["status"] == "failed"
    choice = await stack.query(
        "select chosen_at from assigner.choice where job_id = $1::uuid", job_id
    )
    del office.refused[who["email"]]
    await asked(stack, "POST", f"/admin/jobs/{job_id}/retry")
    assert (await stack.finished(job_id))["status"] == "completed"
    assert office.to(who["email"]) == 2
    kept = await stack.query(
        "select chosen_at from assigner.choice where job_id = $1::uuid", job_id
    )
    assert kept == choice

    await erased(stack, client_id)
    await quiet(stack)

    assert office.to(who["email"]) == 2


async def test_at_last_nothing_names_any_of_them(stack: Stack) -> None:
    await quiet(stack)

    assert await in_database(stack, words()) == []
    assert await on_bus(stack, words()) == []
    assert in_logs(stack, words()) == []
    # and the looking finds what is there
    assert {found.split(":")[0] for found in await on_bus(stack, ["client_id"])} > {
        "client.erased",
        "mail.settled",
    }
    assert set(TOPICS) > {"client.erased", "mail.settled"}
    assert "notifier.log" in {found.split(":")[0] for found in in_logs(stack, ["mail_tried"])}


async def numbers(stack: Stack) -> dict[str, Any]:
    """What operators count, but for what an erasure is meant to move."""
    stats = await asked(stack, "GET", "/admin/stats")
    for moved in ("active_clients", "outbox_unpublished", "mails"):
        del stats[moved]
    jobs = [stats.pop(name) for name in list(stats) if name.startswith("jobs_")]
    return {**stats, "jobs": sum(jobs)}
