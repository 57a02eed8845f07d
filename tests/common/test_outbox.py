from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import structlog

from libs.common import outbox
from libs.common.envelope import Received, read
from libs.common.events import ClientErased, ClientRegistered, StepFailed
from libs.common.ids import uuid7
from libs.common.postgres import Connection
from libs.telemetry.traces import TRACEPARENT
from tests.support.database import Database

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def written(connection: Connection) -> dict[str, Any]:
    return (await connection.fetchrow("select headers from outbox"))["headers"]  # pyright: ignore[reportOptionalSubscript]


async def test_an_event_of_a_request_carries_its_trace(database: Database) -> None:
    connection = await database.connect("gateway")

    with structlog.contextvars.bound_contextvars(traceparent=TRACE):
        async with outbox.transaction(connection) as emit:
            emit(ClientErased(client_id=uuid4()), None)

    assert await written(connection) == {"traceparent": TRACE}


async def test_an_event_caused_by_another_carries_its_thread(database: Database) -> None:
    connection = await database.connect("gateway")
    cause = Received(uuid7(), ClientErased(client_id=uuid4()), "a job", TRACE)

    async with outbox.transaction(connection) as emit:
        emit(ClientRegistered(client_id=uuid4()), cause)

    said = {"causation_id": str(cause.id), "correlation_id": "a job", "traceparent": TRACE}
    assert await written(connection) == said


@pytest.mark.parametrize("cause", [None, Received(uuid7(), ClientErased(client_id=uuid4()))])
async def test_an_event_of_no_trace_begins_one(
    database: Database, cause: Received[Any] | None
) -> None:
    connection = await database.connect("gateway")

    async with outbox.transaction(connection) as emit:
        emit(ClientRegistered(client_id=uuid4()), cause)

    assert TRACEPARENT.fullmatch((await written(connection))["traceparent"])


async def test_an_event_with_a_nul_can_be_read_by_whoever_stores_it(database: Database) -> None:
    connection, why = await database.connect("gateway"), "no such file: \x00.csv"
    failed = StepFailed(
        job_id=uuid4(), client_id=uuid4(), kind="add", run=1, ladder=1,
        step="scrape", permanent=False, reason=why,
    )  # fmt: skip

    async with outbox.transaction(connection) as emit:
        emit(failed, None)

    row: Any = await connection.fetchrow("select id, type, payload from outbox")
    headers = {"ce_id": str(row["id"]).encode(), "ce_type": row["type"].encode()}
    assert read(headers.items(), row["payload"]).event.reason == "no such file: \ufffd.csv"


async def test_events_of_a_failed_transaction_were_never_written(database: Database) -> None:
    connection = await database.connect("gateway")

    async def failing() -> None:
        async with outbox.transaction(connection) as emit:
            emit(ClientErased(client_id=uuid4()), None)
            await connection.execute("select 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await failing()

    assert await connection.fetchval("select count(*) from outbox") == 0
