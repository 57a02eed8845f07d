"""What we mend in the libraries of others, until they do."""

import asyncio
from typing import Any, Final, NoReturn

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaConnectionError

from libs.header_names import records

_send: Final = AIOKafkaConnection.send


class DeafError(RuntimeError):
    """A consumer can hear nothing any more: only another process will."""


def _send_or_lose(connection: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: FBT001, FBT002 - as aiokafka has it
    """At a connection that has just been lost uvloop raises `RuntimeError`, where asyncio is silent.

    aiokafka 0.14 expects an `OSError`; of any other error its tasks die.
    """
    try:
        return _send(connection, request, expect_response)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"The connection was lost: {error}") from error


fetcher.MemoryRecords = records
AIOKafkaConnection.send = _send_or_lose  # pyright: ignore[reportAttributeAccessIssue]


async def hear(consumer: Any, failed: "asyncio.Future[None]") -> NoReturn:
    """Raise what `failed` does, or `DeafError` when a task has ended that a consumer lives by.

    Without this, whoever asks such a consumer for messages waits for ever.
    """
    fetching, joining = consumer._fetcher._fetch_task, consumer._coordinator._coordination_task  # noqa: SLF001 - nobody else tells
    await asyncio.wait({failed, fetching, joining}, return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        failed.result()
    raise DeafError(
        "aiokafka gave up fetching" if fetching.done() else "aiokafka gave up its group"
    )
