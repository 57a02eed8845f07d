"""Without what keeps events: inbox, outbox, offsets, the relay's order of things, held messages."""

import os
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from aiokafka import TopicPartition

from libs.common import postgres
from libs.common.consumer import Outcome, consume
from libs.common.kafka import Subscription
from tests.faults.mutants.mutant import Becomes, Mutant, Swap, instead, text


async def _all_are_new(_connection: Any, _consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    return set(event_ids)


def _offset_first(subscribe: Any) -> Any:
    async def mutated(settings: Any, subscription: Subscription) -> None:
        on_batch = subscription.on_batch

        async def commit_first(records: Sequence[Any]) -> None:
            done = {TopicPartition(one.topic, one.partition): one.offset + 1 for one in records}
            await subscription.consumer.commit(done)
            await on_batch(records)

        subscription.on_batch = commit_first
        await subscribe(settings, subscription)

    return mutated


def _written_apart(write: Any) -> Any:
    """The rows go through a connection of their own, and stand whatever becomes of the change."""

    async def mutated(outgoing: Any, _connection: Any) -> int:
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        try:
            await postgres.prepare(connection)
            return await write(outgoing, connection)
        finally:
            await connection.close()

    return mutated


def _forget(_: Any) -> Any:
    async def mutated(*_arguments: Any) -> Outcome:
        return Outcome(0, 0)

    return mutated


def _keep_nothing(_: Any) -> Any:
    async def mutated(*_arguments: Any) -> None:
        """The offset moves, and the bytes are gone."""

    return mutated


def _as_text(hold: Any) -> Any:
    """Bytes as a column of type text would give them back."""

    class Altered:
        def __init__(self, record: Any) -> None:
            said = (record.value or b"").decode("utf-8", "replace").replace("\x00", "")
            self.value = said.strip().encode()
            self.topic, self.partition, self.offset = record.topic, record.partition, record.offset
            self.key, self.headers = record.key, record.headers

    async def mutated(connection: Any, consumer: str, record: Any, why: str, **more: Any) -> None:
        await hold(connection, consumer, Altered(record), why, **more)

    return mutated


def _tried_once(_: Any) -> Any:
    """PostgreSQL is away: the batch is given up, and its offset moves."""

    async def mutated(consuming: Any, records: Sequence[Any]) -> Outcome:
        try:
            if consuming._connection is None or consuming._connection.is_closed():
                consuming._connection = await postgres.connect(consuming._settings.database_url)
            return await consume(consuming._connection, consuming._consumer, records)
        except (postgres.LostError, *postgres.FAILED):
            return Outcome(0, 0)

    return mutated


def _marking(select: str) -> str:
    return f"""
        with taken as ({select}), marked as (
          update outbox set published_at = public.clock()
          where id in (select id from taken)
        )
        select * from taken
    """  # noqa: S608 - our own constants


def _swap(place: str, becomes: Becomes) -> tuple[Swap, ...]:
    return (Swap(place, becomes),)


RELAY: Final = "libs.common.relay"

BUS: Final = (
    Mutant(
        name="no inbox",
        says="The inbox takes no note of events: each counts as new",
        scenario="calm few",
        caught_by=("I4",),
        swaps=(instead("libs.common.inbox:accept", _all_are_new),),
    ),
    Mutant(
        name="offset first",
        says="The offset is committed before our transaction",
        scenario="kill assigner.drawn",
        caught_by=("I4",),
        swaps=_swap("libs.common.kafka:subscribe", _offset_first),
    ),
    Mutant(
        name="outbox apart",
        says="Events are written outside of the transaction of their change",
        scenario="kill gateway.before-commit",
        caught_by=("I2",),
        swaps=_swap("libs.common.outbox:Outgoing.write", _written_apart),
    ),
    Mutant(
        name="marked before the answer",
        says="The relay marks events as published when it takes them, not when the broker answers",
        scenario="kill relay.selected",
        caught_by=("I4",),
        swaps=_swap(f"{RELAY}:UNPUBLISHED", _marking),
    ),
    Mutant(
        name="polls by number",
        says="The relay takes what has a greater number than the last published, not what is"
        " unpublished",
        scenario="late commit",
        caught_by=("I3",),
        swaps=(
            text(
                f"{RELAY}:UNPUBLISHED",
                (
                    "where published_at is null",
                    "where seq > (select coalesce(max(o.seq), 0) from only outbox o where o.published_at is not null)",
                ),
            ),
        ),
    ),
    Mutant(
        name="no lock of the relay",
        says="Every process of a service relays, not one of them",
        scenario="two of each",
        caught_by=(),
        because="Two relays publish twice what both have taken; the id is the same, and each inbox"
        " takes it once. The lock saves work.",
        swaps=(instead(f"{RELAY}:LOCK", "select true"),),
    ),
    Mutant(
        name="poison dropped",
        says="What cannot be read is passed over, not held",
        scenario="F19",
        caught_by=("I5",),
        swaps=_swap("libs.common.consumer:_bury", _keep_nothing),
    ),
    Mutant(
        name="poison altered",
        says="Held bytes are kept as text, not as they came",
        scenario="F19",
        caught_by=("I5",),
        swaps=_swap("libs.common.held:hold", _as_text),
    ),
    Mutant(
        name="failures forgotten",
        says="What cannot be handled now is passed over, neither held nor told to its job",
        scenario="refused for now",
        caught_by=("I2", "I4"),
        swaps=_swap("libs.common.consumer:_give_up", _forget),
    ),
    Mutant(
        name="batch given up",
        says="A batch is tried once while PostgreSQL is away, and its offset moves",
        scenario="heard in vain",
        caught_by=("I4",),
        swaps=_swap("libs.common.service:Consuming._until_done", _tried_once),
    ),
)
