"""Of ticks, movements and the states of mails: what goes back turns I9 red."""

from typing import Any

import pytest

from tests.faults.world import World

TICKS = {
    "a tick stands twice": (
        "alter table scheduler.tick drop constraint tick_pkey",
        "insert into scheduler.tick select * from scheduler.tick where kind = 'send_day'",
    ),
    "nobody handled a tick": ("delete from notifier.tick_handled",),
    "somebody handled a missed tick": ("update scheduler.tick set state = 'missed', late = true",),
    "somebody handled a tick that there is not": (
        "update gateway.tick_handled set due_on = due_on - 1",
    ),
    "more was begun than delivered": ("update gateway.tick_handled set clients = 7",),
}

MOVEMENTS = {
    "one says nothing new": """
        insert into gateway.movement (seq, job_id, run, step, state, detail)
        select 1000000, job_id, run, step, state, detail from gateway.movement
        where state = 'done' limit 1
    """,
    "one has no number": """
        update gateway.movement set seq = null where id = (select max(id) from gateway.movement)
    """,
    "an older run went on": """
        insert into gateway.movement (seq, job_id, run, step, state)
        select -1, job_id, 2, 'scrape', 'running' from gateway.movement limit 1
    """,
}

SAID_AGAIN = {
    "a tick": ("scheduler", "schedule.send_day", {}),
    "a run": ("gateway", "client.process", {}),
    "a failure": ("gateway", "job.failed", {"reason": "another"}),
    "a version of a mail, but otherwise": ("notifier", "mail.settled", {"state": "failed"}),
    "that a sent mail is in doubt": (
        "notifier",
        "mail.settled",
        {"state": "unknown", "version": 2},
    ),
}

OPEN_AGAIN = """
    update gateway.job set status = 'pending', next_attempt_at = public.clock()
    where status = 'failed'
"""
CANCELLED = """
    insert into gateway.movement (seq, job_id, run, step, state)
    select 1000000, id, run, 'job', 'cancelled' from gateway.job where status = 'failed'
"""


@pytest.mark.parametrize("says", TICKS)
async def test_ticks(world: World, says: str) -> None:
    await world.plant(*TICKS[says])

    assert await world.red() == {"I9"}


@pytest.mark.parametrize("says", MOVEMENTS)
async def test_movements(world: World, says: str) -> None:
    await world.plant(MOVEMENTS[says])

    assert await world.red() == {"I9"}


@pytest.mark.parametrize("says", SAID_AGAIN)
async def test_what_is_said_once(world: World, says: str) -> None:
    schema, topic, changed = SAID_AGAIN[says]
    fields: dict[str, Any] = changed
    await world.say_again(schema, f"trackimmo.{topic}.v1", **fields)

    assert await world.red() == {"I9"}


async def test_a_job_is_shown_as_its_movements_say(world: World) -> None:
    await world.plant(OPEN_AGAIN)

    assert await world.red() == {"I1", "I9"}


async def test_a_failure_is_told(world: World) -> None:
    await world.plant("update gateway.job set alerted_ladder = null where status = 'failed'")

    assert await world.red() == {"I2", "I9"}


async def test_of_a_cancelled_job_no_failure_is_told(world: World) -> None:
    await world.plant(
        CANCELLED,
        "insert into gateway.audit (actor, action, target, request_id)"
        " select '12345678', 'job.cancel', id::text, '' from gateway.job where status = 'failed'",
    )

    assert await world.red() == {"I9"}
