from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from libs.common.consumer import Outcome, consume, consume_held
from libs.common.envelope import Received
from libs.common.errors import PermanentError
from libs.common.ids import uuid7
from libs.common.outbox import Emit
from libs.common.postgres import Connection, LostError
from tests.common.consuming import Message, announce, consumer, erased, held, message, outbox, ready
from tests.support.database import Database


@pytest.fixture
async def connection(database: Database) -> Connection:
    return await database.connect("assigner")


async def test_each_message_of_a_batch_has_its_effect_once(connection: Connection) -> None:
    first, second = message(erased()), message(erased())

    outcome = await consume(connection, consumer(announce), [first, second, first])
    again = await consume(connection, consumer(announce), [second, first])

    assert (outcome.handled, again.dead) == (3, 0)
    assert len(await outbox(connection)) == 2


async def test_what_an_event_caused_names_it(connection: Connection) -> None:
    event_id = uuid7()

    await consume(connection, consumer(announce), [message(erased(), event_id=event_id)])

    [(topic, _, headers)] = await outbox(connection)
    assert (topic, headers["causation_id"]) == ("client.registered", str(event_id))


async def test_an_unreadable_message_is_held_with_its_bytes_and_the_next_flows(
    connection: Connection,
) -> None:
    poison = Message(b"\x00{\xff", [("ce_type", b"\xff"), ("a\x00b", b"\x00")], offset=7)

    outcome = await consume(connection, consumer(announce), [poison, message(erased(), offset=8)])

    assert outcome == Outcome(handled=1, dead=1)
    row = await held(connection)
    assert (row["state"], row["raw"], row["offset"], row["key"]) == (
        "dead",
        b"\x00{\xff",
        7,
        b"key",
    )
    assert len(await outbox(connection)) == 1


async def test_one_bad_event_does_not_stop_its_batch(connection: Connection) -> None:
    bad = erased()

    async def choosy(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        if any(one.event == bad for one in received):
            raise RuntimeError("a bug")
        await announce(_, received, emit)

    await consume(
        connection, consumer(choosy), [message(erased()), message(bad), message(erased())]
    )

    assert len(await outbox(connection)) == 2
    row = await held(connection)
    assert (row["state"], row["attempts"], row["error"]) == ("waiting", 1, "RuntimeError: a bug")


async def test_a_failed_transaction_leaves_nothing(connection: Connection) -> None:
    async def half(connection: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        await announce(connection, received, emit)
        await connection.execute("select 1 / 0")

    event_id = uuid7()
    await consume(connection, consumer(half), [message(erased(), event_id=event_id)])

    assert await outbox(connection) == []
    assert await connection.fetchval("select count(*) from inbox") == 0


async def test_a_held_message_is_tried_after_1_5_and_15_minutes_and_then_dead(
    database: Database, connection: Connection
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("still broken")

    await consume(connection, consumer(broken), [message(erased())])
    for minutes in (1, 5, 15):
        assert not await consume_held(connection, consumer(broken))
        await database.advance(timedelta(minutes=minutes))
        assert await consume_held(connection, consumer(broken))

    row = await held(connection)
    assert (row["state"], row["attempts"]) == ("dead", 4)


async def test_a_held_message_has_its_effect_when_the_cause_is_gone(
    database: Database, connection: Connection
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    one = message(erased())
    await consume(connection, consumer(broken), [one])
    await database.advance(timedelta(minutes=1))

    assert await consume_held(connection, consumer(announce))
    await consume(connection, consumer(announce), [one])

    assert await connection.fetchval("select state from held_message") == "done"
    assert len(await outbox(connection)) == 1


async def test_a_step_that_fails_goes_to_its_jobs_ladder(connection: Connection) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a lock")

    event = ready()
    one = message(event)
    await consume(connection, consumer(broken), [one])
    await consume(connection, consumer(broken), [one])

    [(topic, failed, _)] = await outbox(connection)
    assert (topic, failed["permanent"], failed["run"]) == ("step.failed", False, 2)
    assert failed["job_id"] == str(event.job_id)
    assert await connection.fetchval("select count(*) from held_message") == 0


async def test_a_step_that_can_never_succeed_fails_its_job_and_is_kept(
    connection: Connection,
) -> None:
    async def never(*_: Any) -> None:
        raise PermanentError("no such rule")

    await consume(connection, consumer(never), [message(ready())])

    [(_, failed, _)] = await outbox(connection)
    assert (failed["permanent"], failed["reason"]) == (True, "no such rule")
    assert await connection.fetchval("select state from held_message") == "dead"


async def test_without_postgres_the_batch_stays_in_hand(database: Database) -> None:
    connection = await database.connect("assigner")
    admin = await database.connect()

    async def cut(*_: Any) -> None:
        await admin.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        await connection.fetchval("select 1")

    with pytest.raises(LostError):
        await consume(connection, consumer(cut), [message(erased())])

    other = await database.connect("assigner")
    assert await other.fetchval("select count(*) from held_message") == 0
