"""The relay: a backlog, a lone row, a steady flow; faststream-outbox with the same backlog."""

import asyncio
import os
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from bench import outboxes
from bench.cluster import Database
from bench.context import ROOT, Broker, Context
from bench.errors import BenchError
from bench.measure import Measure, percentile
from bench.processor import cpu_seconds
from bench.waiting import until
from deploy.local import child
from libs.common.postgres import Connection

BACKLOG_ROWS: Final = 100_000
LONE_ROWS: Final = 200
LONE_PAUSE_SECONDS: Final = (0.02, 0.06)
STEADY_PER_SECOND: Final = 1_000
STEADY_SECONDS: Final = 10
PEER: Final = "faststream-outbox"

LEFT: Final = "select not exists (select from outbox where published_at is null)"
RATE: Final = """
    with first as (select min(published_at) as at from outbox)
    select (count(*) / extract(epoch from max(published_at) - first.at))::float8
    from outbox, first where published_at > first.at
    group by first.at
"""
"""Of what was marked after the first batch, from that mark on."""
WAITED: Final = """
    select extract(epoch from published_at - created_at)::float8 * 1000 as ms from outbox
"""


async def measure(context: Context) -> list[Measure]:
    """Ours and the peer's backlog in turn, then what only ours is asked for."""
    backlog: list[tuple[float, float, float]] = []
    peers: list[tuple[float, float]] = []
    lone: list[list[float]] = []
    steady: list[float] = []
    for _ in range(context.runs):
        backlog.append(await _backlog(context))
        peers.append(await _peer(context))
        lone.append(await _lone(context))
        steady.append(await _steady(context))
    return [*_backlogs(backlog, peers), *_others(lone, steady)]


def _backlogs(
    ours: list[tuple[float, float, float]], peers: list[tuple[float, float]]
) -> list[Measure]:
    what, cpu = "relay, backlog of 100,000, one process", "relay, CPU of its process, an event"
    note = f"{BACKLOG_ROWS:,} rows, {outboxes.KEYS} keys, 10 headers"
    best = "32 workers, fetch_batch_size 500: its fastest; order per key is not promised by it then"
    return [
        Measure(
            what=what,
            unit="events/s",
            values=tuple(run[0] for run in ours),
            least=20_000,
            aim=35_000,
            least_ratio=5,
            note=note,
        ),
        Measure(
            what=what,
            variant=PEER,
            unit="events/s",
            values=tuple(run[0] for run in peers),
            note=f"{note}; {best}",
        ),
        Measure(what=cpu, unit="µs", values=tuple(run[1] for run in ours), lower_is_better=True),
        Measure(
            what=cpu,
            variant=PEER,
            unit="µs",
            values=tuple(run[1] for run in peers),
            lower_is_better=True,
        ),
        Measure(
            what="relay, CPU of PostgreSQL, an event",
            unit="µs",
            values=tuple(run[2] for run in ours),
            lower_is_better=True,
        ),
    ]


def _others(lone: list[list[float]], steady: list[float]) -> list[Measure]:
    waited = [
        Measure(
            what=f"relay, idle row → broker's answer, p{share}",
            unit="ms",
            values=tuple(percentile(run, share / 100) for run in lone),
            least=10 if share == 95 else None,  # noqa: PLR2004 - the percentile that is asked
            aim=5 if share == 95 else None,  # noqa: PLR2004
            lower_is_better=True,
            note=f"{LONE_ROWS} rows, from its statement (its commit included) to its mark",
        )
        for share in (50, 95)
    ]
    return [
        *waited,
        Measure(
            what="relay, steady 1,000 events/s",
            unit="% of a core",
            values=tuple(steady),
            least=10,
            lower_is_better=True,
            note=f"its process alone, {STEADY_SECONDS} s, a commit and a wake for each row",
        ),
    ]


@asynccontextmanager
async def relaying(context: Context, database: Database, broker: Broker) -> AsyncGenerator[Process]:
    """A relay of the gateway's outbox in a process of its own, up as soon as it has the lock."""
    with (context.folder / "relay.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *child.command_line(sys.executable, "-m", "bench.relaying"),
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database.url("gateway"),
                "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
                "KAFKA_IDEMPOTENCE": str(broker.idempotence).lower(),
            },
            stdin=PIPE,
            stderr=log,
        )
    try:
        admin = await database.connect()
        held = "select exists (select from pg_locks where locktype = 'advisory' and granted)"
        await until(lambda: admin.fetchval(held), "relay with its lock")
        yield process
    finally:
        assert process.stdin is not None  # noqa: S101 - for the type: it is a pipe
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)


async def _backlog(context: Context) -> tuple[float, float, float]:
    """Events a second, and the µs of CPU an event of the relay and of PostgreSQL."""
    async with context.database() as database, context.broker() as broker:
        connection = await database.connect("gateway")
        await outboxes.fill(await database.connect(), BACKLOG_ROWS)
        before = cpu_seconds(context.cluster.pid)
        async with relaying(context, database, broker) as process:
            started = cpu_seconds(process.pid)
            await until(lambda: connection.fetchval(LEFT), "end of the backlog", every=0.05)
            used = cpu_seconds(process.pid) - started
        served = cpu_seconds(context.cluster.pid) - before
        rate = float(await connection.fetchval(RATE) or 0)
        await _assert_all_there(broker)
    return rate, used / BACKLOG_ROWS * 1e6, served / BACKLOG_ROWS * 1e6


async def _peer(context: Context) -> tuple[float, float]:
    """The same of the peer: events a second, µs of CPU an event."""
    async with context.database() as database, context.broker() as broker:
        arguments = (database.url(), broker.bootstrap_servers, outboxes.TOPIC, str(BACKLOG_ROWS))
        said = await context.peer("outbox_faststream.py", *arguments)
        await _assert_all_there(broker)
    return float(said["events_per_second"]), float(said["cpu_seconds"]) / BACKLOG_ROWS * 1e6


async def _assert_all_there(broker: Broker) -> None:
    found = await outboxes.count_events(broker.bootstrap_servers, BACKLOG_ROWS)
    if found < BACKLOG_ROWS:
        raise BenchError(f"The broker holds {found} of {BACKLOG_ROWS} events.")


async def _lone(context: Context) -> list[float]:
    """Milliseconds from row to mark, one row at a time."""
    pause = random.Random(context.seed)
    async with (
        context.database() as database,
        context.broker() as broker,
        relaying(context, database, broker) as process,
    ):
        connection = await database.connect("gateway")
        for number in range(LONE_ROWS):
            await _write(connection, process, number)
            await asyncio.sleep(pause.uniform(*LONE_PAUSE_SECONDS))
        await until(lambda: connection.fetchval(LEFT), "end of the lone rows")
        rows = await connection.fetch(WAITED)
    return [row["ms"] for row in rows]


async def _steady(context: Context) -> float:
    """Per cent of a core that the relay's process uses."""
    async with (
        context.database() as database,
        context.broker() as broker,
        relaying(context, database, broker) as process,
    ):
        connection = await database.connect("gateway")
        await _flow(connection, process, 0, seconds=1)
        used, began = cpu_seconds(process.pid), time.monotonic()
        await _flow(connection, process, STEADY_PER_SECOND, seconds=STEADY_SECONDS)
        await until(lambda: connection.fetchval(LEFT), "end of the flow")
        return 100 * (cpu_seconds(process.pid) - used) / (time.monotonic() - began)


async def _flow(connection: Connection, process: Process, first: int, *, seconds: int) -> None:
    began = time.monotonic()
    for number in range(STEADY_PER_SECOND * seconds):
        await asyncio.sleep(max(0, began + number / STEADY_PER_SECOND - time.monotonic()))
        await _write(connection, process, first + number)


async def _write(connection: Connection, process: Process, number: int) -> None:
    await connection.execute(outboxes.FILL, number, number)
    assert process.stdin is not None  # noqa: S101 - for the type: it is a pipe
    process.stdin.write(b"!")
