"""Of mails: one too many, one too few, a wrong word: each turns I2 red, and nothing else."""

from uuid import UUID

import msgspec
import pytest

from tests.faults.ledger import Death
from tests.faults.post import Accepted
from tests.faults.world import World

LOST = {
    kind: f"""
        with lost as (delete from notifier.mail where kind = '{kind}' returning id)
        delete from notifier.mail_content using lost where mail_id = id
    """  # noqa: S608 - our own words
    for kind in ("notification", "insufficient", "error", "monthly", "welcome")
}

STATES = {
    "failed for no reason": "update notifier.mail set state = 'failed' where kind = 'welcome'",
    "suppressed for no reason": "update notifier.mail set state = 'suppressed' where kind = 'welcome'",
    "never ended": """
        update notifier.mail set state = 'pending', next_try_at = public.clock()
        where kind = 'monthly'
    """,
    "a doubt without evidence": "update notifier.mail set evidence = '' where state = 'unknown'",
    "a state that no event tells": """
        with untold as (delete from notifier.outbox where topic = 'mail.settled' returning id)
        delete from gateway.inbox using untold where event_id = id
    """,
    "another Message-ID": """
        update notifier.mail set message_id = replace(message_id, '<', '<0') where kind = 'monthly'
    """,
    "another id": """
        with renamed as (
          update notifier.mail set id = 'ffffffff-ffff-4fff-8fff-ffffffffffff'
          where kind = 'monthly')
        update notifier.mail_content set mail_id = 'ffffffff-ffff-4fff-8fff-ffffffffffff'
        where mail_id = (select id from notifier.mail where kind = 'monthly')
    """,
    "words that are not kept": """
        delete from notifier.mail_content
        where mail_id = (select id from notifier.mail where kind = 'monthly')
    """,
    "homes on record that are others": """
        update assigner.assignment set printed_address = '1 rue Basse, 01000 Ville'
        where job_id is not null
    """,
    "homes in another mail than was promised": """
        update notifier.mail_content set text_body = replace(text_body, '2. ', '- ')
    """,
}

SETTLED = """
    with doubted as (select id, message_id from notifier.mail where kind = 'monthly'), settled as (
      insert into gateway.audit (actor, action, target, request_id, detail)
      select '12345678', 'mail.resolve', id::text, '', '{"verdict": "resend"}' from doubted)
    select message_id from doubted
"""
STRANGER = UUID(int=7)


@pytest.mark.parametrize("kind", LOST)
async def test_nobody_silently_gets_none(world: World, kind: str) -> None:
    await world.plant(LOST[kind])
    known = await world.connection.fetch("select message_id from notifier.mail")
    world.accepted = [one for one in world.accepted if one.message_id in {row[0] for row in known}]

    assert await world.red() == {"I2"}


@pytest.mark.parametrize("says", STATES)
async def test_states_and_words(world: World, says: str) -> None:
    await world.plant(STATES[says])

    assert await world.red() == {"I2"}


async def test_no_mail_is_accepted_twice(world: World) -> None:
    world.accepted.append(world.accepted[0])

    assert await world.red() == {"I2"}


async def test_an_operator_may_have_a_doubt_sent_again(world: World) -> None:
    [resent] = await world.connection.fetch(SETTLED)
    world.accepted += [one for one in world.accepted if one.message_id == resent["message_id"]]

    assert await world.red() == set()


async def test_what_is_sent_was_accepted(world: World) -> None:
    world.accepted.pop()

    assert await world.red() == {"I2"}


async def test_what_was_refused_was_not_accepted(world: World) -> None:
    await world.plant("update notifier.mail set state = 'suppressed' where kind = 'welcome'")
    world.ledger.suppressed |= world.ledger.clients

    assert await world.red() == {"I2"}


async def test_what_was_accepted_is_ours(world: World) -> None:
    world.accepted.append(accepted(message_id="<somebody@elsewhere>"))

    assert await world.red() == {"I2"}


async def test_a_mail_goes_to_its_recipient(world: World) -> None:
    world.accepted[0] = msgspec.structs.replace(world.accepted[0], recipient="other@agence.example")

    assert await world.red() == {"I2"}


async def test_what_was_taken_lists_the_homes_on_record(world: World) -> None:
    world.accepted = [
        msgspec.structs.replace(one, content=one.content.replace(b"\r\n2. ", b"\r\n- "))
        for one in world.accepted
    ]

    assert await world.red() == {"I2"}


async def test_doubts_are_as_many_as_there_were_reasons(world: World) -> None:
    world.ledger.may_doubt = 0
    assert await world.red() == {"I2"}

    world.ledger.deaths.append(Death("notifier", 0))
    assert await world.red() == set()


async def test_who_is_noticed_twice_has_two_notices(world: World) -> None:
    [client_id] = world.ledger.noticed
    world.ledger.deliveries[client_id] = 2

    assert await world.red() == {"I2"}


async def test_no_notice_goes_to_who_is_not_due(world: World) -> None:
    world.ledger.noticed.clear()

    assert await world.red() == {"I2"}


async def test_who_registers_is_welcome(world: World) -> None:
    world.ledger.clients.add(STRANGER)

    assert await world.red() == {"I1", "I2"}


def accepted(message_id: str) -> Accepted:
    return Accepted(message_id=message_id, recipient="one@agence.example", at=0, sha256="")
