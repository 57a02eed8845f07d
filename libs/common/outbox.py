"""The outbox: events written with the change that made them true."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.envelope import Received
from libs.common.events import Event
from libs.common.ids import uuid7
from libs.common.postgres import Connection
from libs.telemetry import traces

Emit = Callable[[Event, Received[Any] | None], None]
"""`emit(event, cause)`: the event is written at the end of the present transaction."""

WRITE: Final = """
    insert into outbox (id, topic, key, type, payload, headers)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::jsonb[])
"""


class Outgoing:
    """The events of one transaction, collected and then written by one statement."""

    def __init__(self) -> None:
        self._rows: list[tuple[UUID, str, str, str, bytes, dict[str, str]]] = []

    def emit(self, event: Event, cause: Received[Any] | None) -> None:
        """Take an event along; what caused it travels in its headers.

        A NUL in its texts is replaced: whoever reads it could not store it.
        """
        self._rows.append(
            (
                uuid7(),
                event.topic,
                event.key,
                event.type,
                msgspec.json.encode(event).replace(rb"\u0000", rb"\ufffd"),
                _headers(event, cause),
            )
        )

    async def write(self, connection: Connection) -> int:
        """Write the rows and say how many."""
        if self._rows:
            await connection.execute(WRITE, *map(list, zip(*self._rows, strict=True)))
        return len(self._rows)


def _headers(event: Event, cause: Received[Any] | None) -> dict[str, str]:
    headers = {
        "correlation_id": str(getattr(event, "job_id", None) or ""),
        "traceparent": (cause.traceparent if cause else traces.bound()) or traces.fresh(),
    }
    if cause is not None:
        headers["causation_id"] = str(cause.id)
        headers["correlation_id"] = headers["correlation_id"] or cause.correlation_id
    return {name: value for name, value in headers.items() if value}


@asynccontextmanager
async def transaction(
    connection: Connection, wake: asyncio.Event | None = None
) -> AsyncGenerator[Emit]:
    """A transaction whose events are written at its end; the relay is woken after its commit."""
    outgoing = Outgoing()
    async with connection.transaction():
        yield outgoing.emit
        written = await outgoing.write(connection)
    if written and wake is not None:
        wake.set()
