"""What a transaction or a batch has done by the time that it ends.

A point that lies at a commit or behind one is passed only when the transaction really did what the
point is about: a deed. Deeds are noted by wrapped functions, in the context of the task that does
them; each point has deeds of its own.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final

from libs.common.kafka import Batch, Subscription
from tests.faults.failpoints import wrapping
from tests.faults.failpoints.wrapping import Call, Fires

TRANSACTION: Final = "libs.common.outbox:transaction"
WRITE: Final = "libs.common.outbox:Outgoing.write"
SUBSCRIBE: Final = "libs.common.kafka:subscribe"


class _UnderWay:
    """A transaction or a batch."""

    done = False


class Deeds:
    """What one point is about, and when it is told of that."""

    def __init__(self) -> None:
        self._transaction: ContextVar[_UnderWay | None] = ContextVar("transaction", default=None)
        self._batch: ContextVar[_UnderWay | None] = ContextVar("batch", default=None)

    def note(self) -> None:
        """The transaction at hand does what the point is about."""
        if transaction := self._transaction.get():
            transaction.done = True

    def note_calls(self, target: str, when: Callable[..., object]) -> None:
        """Take it for the deed that this function was called and returned what `when` wants."""
        wrapping.noted(target, self.note, when=when)

    def on_written(self, fire: Fires) -> None:
        """Fire when the events of a transaction with a deed are written, right before its commit."""

        def is_done(written: int, *_: object) -> bool:
            transaction = self._transaction.get()
            return written > 0 and transaction is not None and transaction.done

        self._follow_transactions(None)
        wrapping.after(WRITE, fire, when=is_done)

    def on_commit(self, fire: Fires) -> None:
        """Fire when a transaction with a deed is committed."""
        self._follow_transactions(fire)

    def on_commit_of_batch(self, fire: Fires) -> None:
        """The same, of a consumer's transactions alone: loops of a service do such deeds too."""

        async def fire_in_batch() -> None:
            if self._batch.get():
                await fire()

        self._follow_batches(None)
        self._follow_transactions(fire_in_batch)

    def before_offset(self, fire: Fires) -> None:
        """Fire when a batch with a deed is done, its offset not yet committed."""
        self._follow_batches(fire)
        self._follow_transactions(None)

    def _follow_transactions(self, fire: Fires | None) -> None:
        def make(begin: Call) -> Call:
            @asynccontextmanager
            async def transaction(connection: Any, wake: Any = None) -> AsyncGenerator[Any]:
                under_way = _UnderWay()
                self._transaction.set(under_way)
                async with begin(connection, wake) as emit:
                    yield emit
                # Without somebody to wake it lies within another one, which commits later.
                if not under_way.done or wake is None:
                    return
                if batch := self._batch.get():
                    batch.done = True
                if fire:
                    await fire()

            return transaction

        wrapping.context(TRANSACTION, make)

    def _follow_batches(self, fire: Fires | None) -> None:
        def make(subscribe: Call) -> Call:
            @wraps(subscribe)
            async def subscribe_noting(settings: Any, subscription: Subscription) -> None:
                on_batch = subscription.on_batch

                async def noting(records: Batch) -> None:
                    batch = _UnderWay()
                    self._batch.set(batch)
                    await on_batch(records)
                    if fire and batch.done:
                        await fire()

                subscription.on_batch = noting
                await subscribe(settings, subscription)

            return subscribe_noting

        wrapping.replaced(SUBSCRIBE, make)
