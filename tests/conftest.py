"""A PostgreSQL server for each test process, a database of its own for each test."""

import asyncio
import gc
import os
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import stamina

from deploy import topics
from deploy.local.postgres import Postgres
from tests.support.bus import Bus, running_bus
from tests.support.database import Database, fresh_database, migrated_server
from tests.support.scratch import scratch_folder

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: a fifth of a run went into walking all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end they would keep one core busy and the other waiting."""
    items.sort(key=lambda item: 0 if item.get_closest_marker("slow") else 1)


@pytest.fixture(autouse=True, scope="session")
def _retries_do_not_wait() -> None:
    stamina.set_testing(True, attempts=2)


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    with scratch_folder() as folder, migrated_server(folder / "server") as started:
        yield started


@pytest.fixture
async def database(postgres_server: Postgres) -> AsyncGenerator[Database]:
    async with fresh_database(postgres_server) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def bus() -> Generator[Bus]:
    """A broker with all our topics, shared by the tests of this process."""
    with running_bus() as started:
        asyncio.run(topics.create(started.bootstrap_servers))
        yield started


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real extracts, which is not part of the project."""
    folder = Path(os.environ.get("TEST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "sales" / "golden.json").is_file():
        pytest.skip(f"the real extracts are not at {folder} (set TEST_DATA)")
    return folder
