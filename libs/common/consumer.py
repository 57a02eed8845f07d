"""One message, one transaction; or one for a batch of messages, each keeping the promise as if alone.

    inbox rows, changes, outbox rows, commit; then the offset

A batch that fails runs again message by message. What fails there for good is held, or, where it
is a step of a job, becomes `step.failed`: the job's ladder is its only further retry.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import stamina
import structlog

from libs.common import envelope, held, inbox, metrics, outbox, postgres
from libs.common.envelope import Received, UnreadableError
from libs.common.errors import PermanentError, TransientError
from libs.common.events import Event, JobEvent, Step, StepFailed
from libs.common.held import Record
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.liveness import progress

log = structlog.get_logger()

Handler = Callable[[Connection, Sequence[Received[Any]], Emit], Awaitable[None]]
"""Handles first-time events of one type, in order of arrival; right under any order and repetition."""

Handlers = Mapping[type[Event], Handler]

BUDGET_SECONDS: Final = 60
IN_PLACE_SECONDS: Final = 10


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """What a service does about which events."""

    name: str
    handlers: Handlers
    steps: Mapping[type[JobEvent], Step] = {}
    """Events that are a step of a job here: they fail to the job's ladder, never into a queue."""
    wake: asyncio.Event
    """Set when events were written: the relay of this process looks at once."""


class Outcome(msgspec.Struct, frozen=True):
    """How a batch went."""

    handled: int
    dead: int


async def consume(connection: Connection, consumer: Consumer, records: Sequence[Record]) -> Outcome:
    """Handle a batch; on return each message has had its effect, or is held, or failed its job.

    Raises only `postgres.LostError`: nothing can be held then, and the caller tries again.
    """
    with metrics.BATCH_SECONDS.time():
        try:
            return await _together(connection, consumer, records)
        except Exception as error:
            if postgres.is_lost(connection, error):
                raise postgres.LostError from error
            log.warning("batch_failed", messages=len(records), error=held.failure(error))
        outcomes = [progress.made(await _alone(connection, consumer, each)) for each in records]
        return Outcome(sum(o.handled for o in outcomes), sum(o.dead for o in outcomes))


async def consume_held(connection: Connection, consumer: Consumer) -> bool:
    """Try the held message that is due; false when none is."""
    async with connection.transaction():
        row = await held.take(connection, consumer.name)
        if row is None:
            return False
        headers = held.unpacked(row["headers"])
        met: metrics.Met = (), ()
        try:
            received = _read(consumer, headers, row["raw"])
            async with _effects(connection) as emit:
                met = await _deliver(connection, consumer, [received], emit)
        except Exception as error:
            if postgres.is_lost(connection, error):
                raise postgres.LostError from error
            final = isinstance(error, PermanentError)
            state = await held.settle(
                connection, row["id"], row["attempts"], held.failure(error), final=final
            )
            said = envelope.claimed_ids(headers)
            log.warning("held_message_failed", held_id=str(row["id"]), state=state, **said)
        else:
            await held.done(connection, row["id"])
    metrics.count(*met)
    consumer.wake.set()
    return True


async def _together(
    connection: Connection, consumer: Consumer, records: Sequence[Record]
) -> Outcome:
    received: list[Received[Any]] = []
    dead: list[tuple[Record, UnreadableError]] = []
    for record in records:
        try:
            received.append(_read(consumer, record.headers, record.value))
        except UnreadableError as error:
            dead.append((record, error))
    async with _effects(connection, consumer.wake) as emit:
        for record, error in dead:
            await _bury(connection, consumer, record, error)
        met = await _deliver(connection, consumer, received, emit)
    metrics.count(*met)
    return Outcome(handled=len(received), dead=len(dead))


async def _alone(connection: Connection, consumer: Consumer, record: Record) -> Outcome:
    try:
        received = _read(consumer, record.headers, record.value)
    except UnreadableError as error:
        await _bury(connection, consumer, record, error)
        return Outcome(0, 1)
    try:
        async for attempt in _in_place(connection):
            with attempt:
                async with _effects(connection, consumer.wake) as emit:
                    met = await _deliver(connection, consumer, [received], emit)
                metrics.count(*met)
    except Exception as error:
        if postgres.is_lost(connection, error):
            raise postgres.LostError from error
        return await _give_up(connection, consumer, record, received, error)
    return Outcome(1, 0)


def _said(error: Exception) -> str:
    """Our own words about a failure; others' may quote a row, and this text leaves the service."""
    if isinstance(error, PermanentError | TransientError):
        return str(error)
    return f"An error on our side: {type(error).__name__}"


def _in_place(connection: Connection) -> Any:
    def worth_it(error: Exception) -> bool:
        return not isinstance(error, PermanentError) and not postgres.is_lost(connection, error)

    return stamina.retry_context(
        on=worth_it, timeout=IN_PLACE_SECONDS, attempts=4, wait_initial=0.2, wait_max=3.0
    )


async def _give_up(
    connection: Connection,
    consumer: Consumer,
    record: Record,
    received: Received[Any],
    error: Exception,
) -> Outcome:
    permanent = isinstance(error, PermanentError)
    why = held.failure(error)
    step = consumer.steps.get(type(received.event))
    async with outbox.transaction(connection, consumer.wake) as emit:
        if permanent or not step:
            wait = None if permanent else held.LADDER[0]
            await held.hold(
                connection, consumer.name, record, why, event_id=received.id, again_after=wait
            )
        # A dead letter may be replayed: its inbox row is written by the try that succeeds.
        if step and (permanent or await inbox.accept(connection, consumer.name, [received.id])):
            failed = _step_failed(received.event, step, permanent=permanent, reason=_said(error))
            emit(failed, received)
    log.error("message_failed", permanent=permanent, error=why, **received.ids)
    return Outcome(0, int(permanent))


@asynccontextmanager
async def _effects(
    connection: Connection, wake: asyncio.Event | None = None
) -> AsyncGenerator[Emit]:
    """A transaction within the time budget; inside of another one, that one wakes the relay."""
    async with asyncio.timeout(BUDGET_SECONDS), outbox.transaction(connection, wake) as emit:
        yield emit


async def _deliver(
    connection: Connection, consumer: Consumer, received: Sequence[Received[Any]], emit: Emit
) -> metrics.Met:
    """Have those handled that are new; returns what is to be counted after the commit."""
    new = await inbox.accept(connection, consumer.name, [one.id for one in received])
    fresh = list({one.id: one for one in received if one.id in new}.values())
    with metrics.spans(fresh) as parents:
        for event_type, group in _by_type(parents):
            await consumer.handlers[event_type](connection, group, emit)
    return received, fresh


def _by_type(fresh: Iterable[Received[Any]]) -> Iterable[tuple[type[Event], list[Received[Any]]]]:
    groups: dict[type[Event], list[Received[Any]]] = {}
    for one in fresh:
        groups.setdefault(type(one.event), []).append(one)
    return groups.items()


def _read(
    consumer: Consumer, headers: Sequence[tuple[str, bytes]], value: bytes | None
) -> Received[Any]:
    received = envelope.read(headers, value)
    if type(received.event) not in consumer.handlers:
        raise UnreadableError(f"{received.event.type} is not for {consumer.name}")
    return received


async def _bury(
    connection: Connection, consumer: Consumer, record: Record, error: UnreadableError
) -> None:
    await held.hold(connection, consumer.name, record, held.failure(error))
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    log.error("dead_letter", **place, **envelope.claimed_ids(record.headers))


def _step_failed(event: JobEvent, step: Step, *, permanent: bool, reason: str) -> StepFailed:
    return StepFailed(**event.run_fields(), step=step, permanent=permanent, reason=reason[:500])
