"""The loops of a service outlive whatever PostgreSQL answers: here, that its schema is not there."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from libs.common import prune, service
from libs.common.postgres import Connection
from libs.common.service import Task
from libs.common.settings import CommonSettings
from tests.common.consuming import announce, consumer, erased, message, outbox
from tests.support.database import Database


def held_again(settings: CommonSettings) -> Task:
    consuming, again = service.Consuming(settings, consumer(announce)).tasks()
    consuming.close()
    return again


LOOPS: dict[str, Callable[[CommonSettings], Task]] = {
    "prune": prune.run,
    "held messages": held_again,
}


@pytest.fixture
async def admin(database: Database) -> Connection:
    """As before the migrations, until the test brings the schema."""
    admin = await database.connect()
    await admin.execute("alter schema assigner rename to not_yet")
    return admin


@pytest.fixture
def settings(database: Database) -> CommonSettings:
    return CommonSettings(
        database_url=database.url("assigner"), kafka_bootstrap_servers="127.0.0.1:9"
    )


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.usefixtures("admin")
async def test_a_loop_waits_for_its_tables(settings: CommonSettings, loop: str) -> None:
    task = asyncio.create_task(LOOPS[loop](settings))

    ended, _ = await asyncio.wait({task}, timeout=0.5)

    assert not ended
    await _stop(task)


async def test_a_batch_that_can_neither_be_handled_nor_held_stays_in_hand(
    database: Database, admin: Connection, settings: CommonSettings
) -> None:
    consuming = service.Consuming(settings, consumer(announce))
    task = asyncio.create_task(_give(consuming, message(erased())))
    ended, _ = await asyncio.wait({task}, timeout=0.3)
    assert not ended

    await admin.execute("alter schema not_yet rename to assigner")
    async with asyncio.timeout(10):
        await task

    assert len(await outbox(await database.connect("assigner"))) == 1


async def _give(consuming: service.Consuming, one: Any) -> None:
    await consuming.subscription.on_batch([one])


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
