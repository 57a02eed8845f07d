import json
import logging

import asyncpg
import pytest
import structlog

from libs.telemetry import log
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


@pytest.mark.parametrize("value", ["half \ud83d", 2**70, {(1, 2): 3}, object()])
def test_a_line_is_written_whatever_it_holds(
    capfdbinary: pytest.CaptureFixture[bytes], value: object
) -> None:
    log.configure("gateway")

    structlog.get_logger().info("said", value=value)

    assert json.loads(capfdbinary.readouterr().err)["event"] == "said"


def test_a_librarys_line_looks_like_ours(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("gateway")

    logging.getLogger("asyncpg").warning("lost %d of %s", 2, "them")
    structlog.get_logger().warning("lost")

    theirs, ours = map(json.loads, capsys.readouterr().err.splitlines())
    assert theirs["event"] == "lost 2 of them"
    assert theirs.keys() == ours.keys()


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("gateway", level="WARNING")

    structlog.get_logger().info("said")

    assert not capsys.readouterr().err
