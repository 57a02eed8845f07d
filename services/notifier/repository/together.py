"""What many tasks want stored at the same moment, stored by one statement and one commit."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import structlog

from libs.common.postgres import AWAY, Connection
from services.notifier.repository.keyed import connect

log = structlog.get_logger()
Item = TypeVar("Item")
Answer = TypeVar("Answer")

OF_ONE_MAIL: Final = ("traceparent", "mail_id", "job_id")

Store = Callable[[Connection, Sequence[Item]], Awaitable[Sequence[Answer]]]
"""Stores all or none, and answers for each."""


class Together(Generic[Item, Answer]):
    """Whoever comes while a commit is under way goes with the next; nobody waits for company."""

    def __init__(self, url: str, store: Store[Item, Answer]) -> None:
        self._url, self._store = url, store
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._connection: Any = None

    async def store(self, item: Item) -> Answer:
        """The answer for this item, once it is committed; or what kept it from being stored."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*AWAY):  # it may be gone already
                await connection.close(timeout=2)

    async def _work(self) -> None:
        structlog.contextvars.unbind_contextvars(*OF_ONE_MAIL)  # a task begins with its maker's
        while self._waiting:
            # Nobody waits for what is cancelled: it is not to happen.
            asked = [one for one in self._waiting if not one[1].done()]
            self._waiting = []
            problem = await self._tried(asked)
            if problem and len(asked) > 1 and not isinstance(problem, AWAY):
                log.warning("stored_one_by_one", items=len(asked), error=type(problem).__name__)
                for one in asked:
                    _refuse([one], await self._tried([one]))
            else:
                _refuse(asked, problem)

    async def _tried(
        self, asked: Sequence[tuple[Item, asyncio.Future[Answer]]]
    ) -> Exception | None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._url)
            answers = await self._store(self._connection, [item for item, _ in asked])
        except Exception as error:  # noqa: BLE001 - told to those who asked
            await self.close()  # broken perhaps, though it does not say so
            return error
        for (_, future), answer in zip(asked, answers, strict=True):
            if not future.done():  # its task may have been cancelled
                future.set_result(answer)
        return None


def _refuse(
    asked: Sequence[tuple[Item, "asyncio.Future[Answer]"]], problem: Exception | None
) -> None:
    for _, future in asked:
        if problem and not future.done():
            future.set_exception(problem)
