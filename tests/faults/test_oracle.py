"""The oracle believes a true history, and says what is under way in one that has not ended."""

import pytest

from tests.faults.ledger import Poison
from tests.faults.oracle import judge, unquiet
from tests.faults.world import World

UNDER_WAY = {
    "1 jobs open": "update gateway.job set status = 'processing' where kind = 'scheduled'",
    "1 deliveries not begun": "delete from gateway.monthly_delivery",
    "1 notices not asked for": "delete from notifier.mail where kind = 'monthly'",
    "1 mails under way": """
        update notifier.mail set state = 'pending', next_try_at = public.clock()
        where kind = 'monthly'
    """,
    "1 refreshes open": """
        insert into scraper.refresh (insee_code, first_year) values ('01053', 2018)
    """,
    "1 jobs waiting for stock": """
        insert into scraper.waiting_job (job_id, insee_code, run, total, event, cause)
        values (uuidv7(), '01053', 1, 1, '{}', '{}')
    """,
    "1 jobs waiting for positions": """
        insert into assigner.awaited_position (job_id, run, client_id, homes, event, cause)
        values (uuidv7(), 1, uuidv7(), 1, '{}', '{}')
    """,
    "2 events not published": "update scheduler.outbox set published_at = null",
    "2 messages held": """
        update scraper.held_message set state = 'waiting', next_attempt_at = public.clock()
    """,
    "6 events not handled": "delete from scraper.inbox",
}


async def test_a_true_history_breaks_nothing(world: World) -> None:
    verdicts = await judge(world.observed)

    assert [verdict.invariant for verdict in verdicts] == [f"I{number}" for number in range(1, 10)]
    assert [verdict for verdict in verdicts if not verdict.holds] == []


async def test_the_history_tells_of_everything(world: World) -> None:
    """A history without mails, choices or poisons would please an oracle that looks at nothing."""
    counts = await world.connection.fetchrow("""
        select (select count(distinct kind) from notifier.mail) as mail_kinds,
               (select count(distinct status) from gateway.job) as statuses,
               (select count(*) from assigner.choice where found < requested) as short,
               (select count(*) from scraper.held_message) as poisons,
               (select count(*) from notifier.mail where state = 'unknown') as doubts,
               (select count(*) from gateway.erased_client) as erased
    """)

    assert tuple(counts or ()) == (5, 2, 1, 2, 1, 1)


async def test_evidence_is_short_and_names_nobody(world: World) -> None:
    await world.plant("update notifier.mail set state = 'failed'")

    [verdict] = [one for one in await judge(world.observed) if one.invariant == "I2"]

    assert len(verdict.found) == 10
    people = await world.connection.fetch("select email, last_name from gateway.client")
    assert not any(word in str(verdict) for person in people for word in person)


async def test_all_is_quiet_in_the_end(world: World) -> None:
    assert await unquiet(world.connection, world.ledger) == ""


@pytest.mark.parametrize("says", UNDER_WAY)
async def test_what_is_under_way_is_said(world: World, says: str) -> None:
    await world.plant(UNDER_WAY[says])

    assert await unquiet(world.connection, world.ledger) == says


async def test_a_poison_is_waited_for(world: World) -> None:
    poison = Poison(topic="client.erased", value=b"?", consumers=("assigner", "notifier"))
    world.ledger.poisons.append(poison)

    assert await unquiet(world.connection, world.ledger) == "2 poisons not met"
