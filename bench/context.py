"""What an area measures with: a database, a broker, its peers."""

import asyncio
import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.cluster import Cluster, Database, Fill
from bench.errors import BenchError
from deploy import topics
from deploy.local import broker, child

ROOT: Final = Path(__file__).parents[1]
PEERS: Final = Path(__file__).parent / "peers"
PEERS_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
SEED: Final = 20_261_122
NOTHING: Final[Mapping[str, str]] = {}


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """A broker with our topics and no messages."""

    bootstrap_servers: str
    idempotence: bool
    pid: int


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """A peer that runs, and the line of JSON with which it said that it is ready."""

    pid: int
    said: dict[str, Any]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """How to measure: how often, where, with which numbers."""

    runs: int
    folder: Path
    slow_disk: bool
    cluster: Cluster
    seed: int = SEED

    def database(
        self, kept: str = "", fill: Fill | None = None
    ) -> AbstractAsyncContextManager[Database]:
        """A fresh migrated database on the real disk; see `Cluster.database` for `kept`."""
        return self.cluster.database(kept, fill)

    @asynccontextmanager
    async def broker(self) -> AsyncGenerator[Broker]:
        """An embedded broker of one's own, all in memory."""
        started = broker.start()
        try:
            await topics.create(started.bootstrap_servers, in_memory=True)
            yield Broker(
                bootstrap_servers=started.bootstrap_servers,
                idempotence=False,
                pid=started.process.pid,
            )
        finally:
            started.stop()

    async def peer(
        self, script: str, *arguments: str, environ: Mapping[str, str] = NOTHING
    ) -> dict[str, Any]:
        """What a program of `bench/peers` says in its last line, which is JSON, when it ends."""
        process = await _begin(script, arguments, environ)
        try:
            said, _ = await process.communicate()
        finally:
            await _end(process)
        if process.returncode:
            raise BenchError(f"{script} ended with {process.returncode}: see what it printed.")
        return msgspec.json.decode(said.strip().splitlines()[-1])

    @asynccontextmanager
    async def serving(
        self, script: str, *arguments: str, environ: Mapping[str, str] = NOTHING
    ) -> AsyncGenerator[Serving]:
        """A program of `bench/peers` that serves: from its first line, which is JSON, to SIGTERM."""
        process = await _begin(script, arguments, environ)
        try:
            assert process.stdout is not None  # noqa: S101 - for the type: it is a pipe
            async with asyncio.timeout(60):
                line = await process.stdout.readline()
            if not line:
                raise BenchError(f"{script} ended before it was ready: see what it printed.")
            yield Serving(pid=process.pid, said=msgspec.json.decode(line))
        finally:
            await _end(process)


@contextmanager
def opened(folder: Path, *, runs: int, slow_disk: bool = False) -> Generator[Context]:
    """A context whose servers end with the block."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder, slow_disk=slow_disk)
    try:
        yield Context(runs=runs, folder=folder, slow_disk=slow_disk, cluster=cluster)
    finally:
        cluster.stop()


async def _begin(
    script: str, arguments: tuple[str, ...], environ: Mapping[str, str]
) -> asyncio.subprocess.Process:
    if not PEERS_PYTHON.exists():
        raise BenchError("The peers are not installed: run make setup-bench.")
    return await asyncio.create_subprocess_exec(
        *child.command_line(str(PEERS_PYTHON), str(PEERS / script), *arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
