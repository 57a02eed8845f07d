import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local import postgres

START_AND_WAIT = """
import sys, pathlib
from deploy.local import postgres
server = postgres.start(pathlib.Path(sys.argv[1]))
print(server.process.pid, flush=True)
sys.stdin.read()
"""


async def test_answers_on_loopback_and_socket_and_keeps_data(tmp_path: Path) -> None:
    data_dir = tmp_path / "deep" / "data"
    server = postgres.start(data_dir)
    try:
        connection = await asyncpg.connect(server.url())
        await connection.execute("create table kept as select 'é' as word")
        await connection.close()
    finally:
        server.stop()
    assert server.process.returncode == 0

    server = postgres.start(data_dir, options={"fsync": "off"}, port=server.port)
    try:
        connection = await asyncpg.connect(
            host=str(server.socket_dir), port=server.port, user="postgres", database="postgres"
        )
        assert await connection.fetchval("select word from kept") == "é"
        assert await connection.fetchval("show fsync") == "off"
        assert await connection.fetchval("show server_version_num") >= "180000"
        await connection.close()
    finally:
        server.stop()


def test_an_interrupted_initdb_leaves_nothing_that_looks_usable(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "something").touch()
    with pytest.raises(OSError, match="not empty"):
        postgres.prepare(tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_says_why_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(postgres.PostgresError, match="no_such_option"):
        postgres.start(tmp_path / "data", options={"no_such_option": "on"})


@pytest.mark.skipif(sys.platform != "linux", reason="the parent's death is told by Linux only")
def test_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs([server], timeout=10)
        assert not alive


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_does_not_run_it_as_root(tmp_path: Path) -> None:
    server = postgres.start(tmp_path / "data")
    try:
        assert psutil.Process(server.process.pid).username() == postgres.UNPRIVILEGED
    finally:
        server.stop()


def test_binaries_in_a_private_folder_are_found_out(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "bin").mkdir(parents=True)
    private.chmod(0o700)
    assert not postgres._all_may_enter(private / "bin")
