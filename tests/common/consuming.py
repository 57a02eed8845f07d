"""Messages, and consumers for them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec

from libs.common.consumer import Consumer
from libs.common.envelope import Received
from libs.common.events import ClientErased, ClientRegistered, Event, PropertiesReady
from libs.common.ids import uuid7
from libs.common.outbox import Emit
from libs.common.postgres import Connection

Handle = Callable[[Connection, Sequence[Received[Any]], Emit], Awaitable[None]]


class Message(msgspec.Struct):
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    offset: int = 0
    topic: str = "client.erased"
    partition: int = 3
    key: bytes | None = b"key"


def message(event: Event, *, event_id: UUID | None = None, offset: int = 0) -> Message:
    headers = [("ce_id", str(event_id or uuid7()).encode()), ("ce_type", event.type.encode())]
    return Message(msgspec.json.encode(event), headers, offset, event.topic)


def erased() -> ClientErased:
    return ClientErased(client_id=uuid4())


def ready() -> PropertiesReady:
    return PropertiesReady(
        job_id=uuid4(),
        client_id=uuid4(),
        kind="process",
        run=2,
        ladder=1,
        count=3,
        cities=("01053",),
        kinds=("house",),
        as_of=date(2026, 11, 21),
        seed=1,
    )


def consumer(handle: Handle) -> Consumer:
    return Consumer(
        name="assigner",
        handlers={ClientErased: handle, ClientRegistered: handle, PropertiesReady: handle},
        steps={PropertiesReady: "assign"},
        wake=asyncio.Event(),
    )


async def announce(_: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
    """Answers each event with one of its own."""
    for one in received:
        emit(ClientRegistered(client_id=one.event.client_id), one)


async def outbox(connection: Connection) -> list[Any]:
    rows = await connection.fetch("select topic, payload, headers from outbox order by seq")
    return [(row["topic"], msgspec.json.decode(row["payload"]), row["headers"]) for row in rows]


async def held(connection: Connection) -> Any:
    return await connection.fetchrow("select * from held_message")
