"""Connections that give up on a server that is gone."""

from libs.common import postgres
from tests.support.database import Database


async def test_no_statement_waits_for_ever(database: Database) -> None:
    async with postgres.connection(database.url("scheduler")) as connection:
        assert connection._config.command_timeout == 60
