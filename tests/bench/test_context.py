import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from bench import context as contexts
from bench import preload, processor
from bench.cluster import Database, commit_seconds
from bench.context import Context, opened
from bench.errors import BenchError
from bench.waiting import until
from tests.support.scratch import scratch_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def context() -> Generator[Context]:
    with scratch_folder() as folder, opened(folder / "bench", runs=1) as made:
        yield made


async def test_a_database_is_migrated_and_durable(context: Context) -> None:
    async with context.database() as database:
        connection = await database.connect("gateway")

        assert await connection.fetchval("select count(*) from outbox") == 0
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await connection.fetchval("select current_setting($1)", name) == "on"


async def test_a_kept_database_is_filled_once(context: Context) -> None:
    async def fill(database: Database) -> None:
        connection = await database.connect()
        await connection.execute("create table filled as select 1 as once")

    for _ in range(2):
        async with context.database("stock", fill) as database:
            connection = await database.connect()
            assert await connection.fetchval("select sum(once) from filled") == 1
    assert len(await context.cluster.databases("^stock_")) == 1


async def test_a_fresh_database_leaves_nothing_behind(context: Context) -> None:
    async with context.database():
        assert await context.cluster.databases("^fresh_")

    assert await context.cluster.databases("^fresh_") == []


async def test_the_processor_time_of_postgresql_counts_its_ended_sessions(
    context: Context,
) -> None:
    async with context.database() as database:
        began = processor.cpu_seconds(context.cluster.pid)
        connection = await database.connect()
        await connection.execute("select sum(sqrt(n)) from generate_series(1, 1000000) as n")
        await connection.close()

        assert 0.05 < processor.cpu_seconds(context.cluster.pid) - began < 5
        assert processor.resident_bytes(context.cluster.pid) > 1_000_000


async def test_a_peer_says_one_line_and_a_missing_one_says_how_to_get_it(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    peer = tmp_path / "peer.py"
    peer.write_text("import json, sys\nprint('chatter')\nprint(json.dumps(sys.argv[1:]))")
    monkeypatch.setattr(contexts, "PEERS_PYTHON", Path(sys.executable))

    assert await context.peer(str(peer), "1") == ["1"]

    monkeypatch.setattr(contexts, "PEERS_PYTHON", tmp_path / "python")
    with pytest.raises(BenchError, match="make setup-bench"):
        await context.peer("any.py")


async def test_waiting_in_vain_names_what_was_waited_for() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(BenchError, match="mail"):
        await until(never, "mail", seconds=0.05)


async def test_the_preload_really_slows_a_commit(context: Context, tmp_path: Path) -> None:
    if not preload.is_possible():
        pytest.skip("gcc is missing: the slow disk is not played on this machine")
    quick = await commit_seconds(context.cluster.url())
    with opened(tmp_path / "slow", runs=1, slow_disk=True) as slow:
        began = time.monotonic()
        slowed = await commit_seconds(slow.cluster.url())

        assert quick < 0.002 <= slowed
        assert time.monotonic() - began > 20 * 0.002
