"""What a transaction or a batch has done by the time that it ends.

A point that lies behind a commit is told of only when the transaction really did what the point is
about: a deed. Deeds are noted by wrapped functions, in the context of the task that does them.
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


class _Open:
    """A transaction or a batch under way."""

    done = False


_transaction: ContextVar[_Open | None] = ContextVar("transaction", default=None)
_batch: ContextVar[_Open | None] = ContextVar("batch", default=None)


def note() -> None:
    """The transaction at hand does what the point is about."""
    if under_way := _transaction.get():
        under_way.done = True


def is_noted() -> bool:
    """Whether it did."""
    under_way = _transaction.get()
    return under_way is not None and under_way.done


def deed(target: str, when: Callable[..., object]) -> None:
    """Take it for the deed that this function was called and returned what `when` wants."""
    wrapping.noted(target, note, when=when)


def on_written(fire: Fires) -> None:
    """Fire when the events of a transaction with a deed are written, right before its commit."""
    _follow_transactions(None, of_batch=False)
    wrapping.after(WRITE, fire, when=lambda written, *_: written and is_noted())


def on_commit(fire: Fires, *, of_batch: bool = False) -> None:
    """Fire when a transaction with a deed is committed; if `of_batch`, only one of a consumer."""
    _follow_batches(None)
    _follow_transactions(fire, of_batch=of_batch)


def before_offset(fire: Fires) -> None:
    """Fire when a batch with a deed is done, its offset not yet committed."""
    _follow_batches(fire)
    _follow_transactions(None, of_batch=False)


def _follow_transactions(fire: Fires | None, *, of_batch: bool) -> None:
    def make(begin: Call) -> Call:
        @asynccontextmanager
        async def transaction(connection: Any, wake: Any = None) -> AsyncGenerator[Any]:
            under_way = _Open()
            _transaction.set(under_way)
            async with begin(connection, wake) as emit:
                yield emit
            # Without somebody to wake it lies within another one, which commits later.
            if not under_way.done or wake is None:
                return
            batch = _batch.get()
            if batch:
                batch.done = True
            if fire and (batch or not of_batch):
                await fire()

        return transaction

    wrapping.context(TRANSACTION, make)


def _follow_batches(fire: Fires | None) -> None:
    def make(subscribe: Call) -> Call:
        @wraps(subscribe)
        async def subscribe_noting(settings: Any, subscription: Subscription) -> None:
            on_batch = subscription.on_batch

            async def noting(records: Batch) -> None:
                batch = _Open()
                _batch.set(batch)
                await on_batch(records)
                if fire and batch.done:
                    await fire()

            subscription.on_batch = noting
            await subscribe(settings, subscription)

        return subscribe_noting

    wrapping.replaced(SUBSCRIBE, make)
