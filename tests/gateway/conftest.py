"""Clients, jobs and events of the gateway's tests."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import outbox
from libs.common.envelope import Received
from libs.common.events import Event
from libs.common.postgres import Connection
from services.gateway.handlers.outcomes import record_outcomes
from services.gateway.repository import jobs, movements
from tests.support.database import Database

INSERT_CLIENT = """
    insert into client (first_name, last_name, email, subscription_type, status, send_day,
      addresses_per_report, chosen_cities, property_type_preferences, active_since)
    values ('Ada', 'Martin', $1, 'pro', $2, $3, 10, '{01053,64260}', '{house,apartment}', $4)
    returning id
"""

NewClient = Callable[..., Awaitable[UUID]]
NewJob = Callable[..., Awaitable[UUID]]
Deliver = Callable[..., Awaitable[None]]
Published = Callable[[str], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def conn(database: Database) -> Connection:
    return await database.connect("gateway")


@pytest.fixture
def new_client(conn: Connection) -> NewClient:
    numbers = itertools.count()

    async def insert(
        *, status: str = "active", send_day: int = 10, active_since: date = date(2026, 1, 1)
    ) -> UUID:
        email = f"agent{next(numbers)}@example.org"
        return UUID(str(await conn.fetchval(INSERT_CLIENT, email, status, send_day, active_since)))

    return insert


@pytest.fixture
def new_job(conn: Connection, new_client: NewClient) -> NewJob:
    async def accept(*, client_id: UUID | None = None, count: int | None = None) -> UUID:
        whose = client_id or await new_client()
        async with outbox.transaction(conn) as emit:
            accepted = await jobs.start_addition(conn, emit, whose, count, job_id=uuid4(), seed=1)
        assert accepted is not None
        return accepted.job_id

    return accept


@pytest.fixture
def deliver(conn: Connection) -> Deliver:
    """Have the gateway handle events as one batch."""

    async def handle(*events: Event) -> None:
        received: Sequence[Received[Any]] = [Received(uuid4(), event) for event in events]
        async with outbox.transaction(conn) as emit:
            await record_outcomes(conn, received, emit, runs=movements, max_retries=3)

    return handle


@pytest.fixture
def published(conn: Connection) -> Published:
    """The payloads of the events that the gateway wrote on a topic."""

    async def read(topic: str) -> list[dict[str, Any]]:
        statement = """
            select convert_from(payload, 'UTF8')::jsonb as event from outbox
            where topic = $1 order by seq
        """
        return [row["event"] for row in await conn.fetch(statement, topic)]

    return read
