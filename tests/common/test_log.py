import json

import asyncpg
import pytest
import structlog

from libs.common import log
from tests.support.database import Database


@pytest.fixture(autouse=True)
def _as_before():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


async def test_a_traceback_is_logged_without_the_row_that_failed(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = await database.connect()
    await connection.execute("create temp table person (name text unique)")
    name = "Camille " + "Durand"
    await connection.execute("insert into person values ($1)", name)
    log.configure("gateway")

    try:
        await connection.execute("insert into person values ($1)", name)
    except asyncpg.UniqueViolationError:
        structlog.get_logger().exception("not_stored", client_id="an id")

    said = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert name not in said["exception"]
    assert "UniqueViolationError" in said["exception"]
    assert (said["event"], said["service"], said["client_id"]) == ("not_stored", "gateway", "an id")
