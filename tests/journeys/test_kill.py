"""Nothing is lost and nothing is sent twice, whichever process is killed under load."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.stack import Stack, running_stack, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

CLIENTS = 200
KILLED = ("gateway", "scraper", "assigner", "notifier", "scheduler", "broker", "postgres", "mail")

OPEN_JOBS = "select count(*) from gateway.job where status not in ('completed', 'failed')"
UNPUBLISHED = " union all ".join(
    f"select count(*) from {schema}.outbox where published_at is null"  # noqa: S608 - our own schemas
    for schema in ("gateway", "scraper", "assigner", "notifier", "scheduler")
)
UNSETTLED = (
    "select count(*) from notifier.mail where state in ('pending', 'claimed', 'handing_off')"
)


@pytest.fixture
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    settings = {"LOG_LEVEL": "WARNING", "MAIL_CONNECTIONS": "2"}
    async with running_stack(tmp_path_factory.mktemp("kill"), settings) as started:
        yield started


async def test_every_job_ends_once_whatever_is_killed(stack: Stack) -> None:
    accepted = asyncio.create_task(_load(stack))
    for name in KILLED:
        if name in stack.state()["pids"]:  # an Apache Kafka beside the stack has no supervisor
            await _kill(stack, name)
    job_ids = await accepted

    await until(lambda: _quiet(stack), 240)

    statuses = Counter(row["status"] for row in await stack.query("select status from gateway.job"))
    assert statuses == {"completed": len(job_ids)}
    assert {str(row["id"]) for row in await stack.query("select id from gateway.job")} == set(
        job_ids
    )
    assert await _no_door_twice(stack)
    await _each_mail_once(stack)


async def _load(stack: Stack) -> list[str]:
    """Each client registers and is processed, asking again as any caller would."""

    async def one(number: int) -> str:
        client_id = await _again(lambda: _registered(stack, number))
        return await _again(lambda: stack.start_job(client_id))

    gate = asyncio.Semaphore(4)

    async def in_turn(number: int) -> str:
        async with gate:
            return await one(number)

    return list(await asyncio.gather(*(in_turn(number) for number in range(CLIENTS))))


async def _registered(stack: Stack, number: int) -> str | None:
    """The client's id, also where an answer was lost and the mail address is taken already."""
    towns = ["01053", "64260", "75111", "69383", "94068"]
    try:
        return await stack.register(
            number, chosen_cities=[towns[number % 5]], addresses_per_report=5, status="active"
        )
    except AssertionError:
        rows = await stack.query(
            "select id from gateway.client where email = $1", f"agent{number}@example.org"
        )
        return str(rows[0]["id"]) if rows else None


async def _again(ask: Any) -> Any:
    async def tolerant() -> Any:
        try:
            return await ask()
        except AssertionError:
            return None  # 5xx while something is down: the caller asks again

    return await until(tolerant, 120)


async def _kill(stack: Stack, name: str) -> None:
    """SIGKILL a process, and wait until the supervisor has another in its place."""
    await asyncio.sleep(1)  # some load in between; nothing to await
    before = stack.state()["pids"][name]
    os.kill(before, signal.SIGKILL)

    async def replaced() -> bool:
        try:
            return stack.state()["pids"].get(name, before) != before
        except json.JSONDecodeError:
            return False

    await until(replaced, 60)


async def _quiet(stack: Stack) -> bool:
    """No job open, nothing unpublished, no mail under way."""
    counts = [
        row["count"]
        for row in await stack.query(f"{OPEN_JOBS} union all {UNPUBLISHED} union all {UNSETTLED}")
    ]
    return not any(counts)


async def _no_door_twice(stack: Stack) -> bool:
    twice = "select client_id, home_key from assigner.assignment group by 1, 2 having count(*) > 1"
    short = "select job_id from assigner.choice where found <> requested"
    return not await stack.query(twice) and not await stack.query(short)


async def _each_mail_once(stack: Stack) -> None:
    arrived = Counter(str(mail["Message-ID"]) for mail in stack.mails())
    assert [message_id for message_id, copies in arrived.items() if copies > 1] == []
    mails = await stack.query("select kind, state, message_id from notifier.mail")
    assert Counter(mail["kind"] for mail in mails) == {"welcome": CLIENTS, "notification": CLIENTS}
    sent = {mail["message_id"].strip("<>") for mail in mails if mail["state"] == "sent"}
    assert {mail["state"] for mail in mails} <= {"sent", "unknown"}
    assert sent <= {message_id.strip("<>") for message_id in arrived}
    assert len(mails) - len(sent) <= 8, "a crash leaves no more doubts than connections"
