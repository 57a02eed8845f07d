from collections.abc import AsyncIterator

import pytest

from tests.notifier.mail_server import MailServer, mail_server
from tests.notifier.stage import Stage
from tests.support.database import Database


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as started:
        yield started


@pytest.fixture
async def stage(database: Database, server: MailServer) -> AsyncIterator[Stage]:
    made = Stage(
        database, server, await database.connect("postgres"), await database.connect("notifier")
    )
    yield made
    await made.close()
