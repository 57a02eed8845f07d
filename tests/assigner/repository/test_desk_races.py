"""What the gateway asks of the assigner's schema, and what may come in between."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest

from libs.common.envelope import Received
from libs.common.events import ClientErased
from libs.common.ids import uuid7
from libs.common.postgres import Connection
from services.assigner.handlers.erasing import erase
from services.assigner.repository.choices import PostgresChoices
from tests.assigner.stock import RULE, add, assigned, ready, street
from tests.support.database import Database
from tests.support.sessions import blocked

FOLLOW = "select follow_status from assigner.follow_up($1, $2, $3)"
NOTED = {"status": "contacted", "notes": "Mme Martin, 06 00 00 00 00"}
LEFT_OF_NOTES = """
    select (select count(*) from assigner.follow_up)
           + (select count(*) from assigner.follow_up_history)
"""


async def erased(connection: Connection, client_id: UUID) -> None:
    received = Received(id=uuid7(), event=ClientErased(client_id=client_id))
    async with connection.transaction():
        await erase([received], choices=PostgresChoices(connection, RULE))


async def reset(connection: Connection, client_id: UUID) -> None:
    assert await connection.fetchval("select assigner.reset($1)", client_id) == 1


@pytest.mark.parametrize("role, taken_back", [("assigner", erased), ("gateway", reset)])
async def test_a_follow_up_under_way_goes_with_what_is_taken_back(
    database: Database,
    role: str,
    taken_back: Callable[[Connection, UUID], Coroutine[Any, Any, None]],
):
    """Notes may name a person: none stays behind because it was being written just then."""
    await add(database, street(1))
    asked = ready(count=1)
    [told] = await assigned(await database.connect("assigner"), asked)
    client, (address,) = asked.event.client_id, told.address_ids
    gateway, other = await database.connect("gateway"), await database.connect(role)

    async with gateway.transaction():
        assert await gateway.fetchval(FOLLOW, client, address, NOTED) == "contacted"
        taking = asyncio.create_task(taken_back(other, client))
        await blocked(database)
    await taking

    admin = await database.connect()
    assert await admin.fetchval(LEFT_OF_NOTES) == 0
    assert await gateway.fetchval(FOLLOW, client, address, NOTED) is None


async def test_a_table_of_the_caller_does_not_stand_in_for_ours(database: Database):
    await add(database, street(1))
    asked = ready(count=1)
    [told] = await assigned(await database.connect("assigner"), asked)
    gateway, admin = await database.connect("gateway"), await database.connect()
    await gateway.execute(
        "create temp table assignment (client_id uuid, home_key text, job_id uuid);"
        "grant all on assignment to public"
    )

    set_to = await gateway.fetchval(FOLLOW, asked.event.client_id, told.address_ids[0], NOTED)

    assert set_to == "contacted"
    assert await admin.fetchval(LEFT_OF_NOTES) == 2
