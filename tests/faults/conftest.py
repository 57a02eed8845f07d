"""A zygote for a test that forks services, a true history for one that plants something wrong."""

import asyncio
import copy
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from deploy.local.postgres import Postgres
from libs.common import postgres
from tests.faults import zygote
from tests.faults.history import LOG, PREFIX, History
from tests.faults.oracle import Observed
from tests.faults.world import World
from tests.faults.zygote import Zygote
from tests.support.database import Database, fresh_database


@pytest.fixture
async def forks() -> AsyncGenerator[Zygote]:
    async with zygote.running() as started:
        yield started


@pytest.fixture(scope="session")
def history(postgres_server: Postgres) -> Generator[History]:
    """What happened in a database that nobody writes to any more."""
    with asyncio.Runner() as runner:
        fresh = fresh_database(postgres_server)
        database = runner.run(_entered(fresh))
        try:
            past = History(database)
            runner.run(past.happen())
            runner.run(database.close())
            yield past
        finally:
            runner.run(fresh.__aexit__(None, None, None))


async def _entered(fresh: AbstractAsyncContextManager[Database]) -> Database:
    return await fresh.__aenter__()


@pytest.fixture
async def world(history: History, tmp_path: Path) -> AsyncGenerator[World]:
    """The history and its ledger; whatever a test does to them is undone."""
    (tmp_path / "gateway.log").write_text(LOG)
    connection = await postgres.connect(history.database.url())
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield World(
            Observed(
                connection=connection,
                ledger=copy.deepcopy(history.ledger),
                accepted=copy.deepcopy(history.server.accepted),
                bus="",
                prefix=PREFIX,
                logs=tmp_path,
            )
        )
    finally:
        await transaction.rollback()
        await connection.close()
