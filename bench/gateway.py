"""The gateway: two routes with key check and limiter, under wrk; FastAPI doing the same.

Ours and the peer's take turns, each on a database of its own. No broker runs: what is accepted
waits in the outbox, as it may.
"""

import asyncio
import os
import secrets
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec

from bench.cluster import Database
from bench.context import ROOT, Context
from bench.errors import BenchError
from bench.measure import Measure
from bench.processor import cpu_seconds
from bench.waiting import until
from deploy.local import child
from deploy.local.ports import free_port

SECONDS: Final = 6
WARM_SECONDS: Final = 1
CONNECTIONS: Final = 16
CLIENTS: Final = 60_000  # each is accepted once, so that every answer writes a job
PEER: Final = "FastAPI"
PEER_SCRIPT: Final = "gateway_fastapi.py"
LOAD_SCRIPT: Final = Path(__file__).parent / "gateway_load.lua"
WRK_MISSING: Final = "wrk is missing; on Debian: apt-get install wrk"
NO_BROKER: Final = "127.0.0.1:9"
UNLIMITED: Final = "1000000000"
"""Requests that the key has: all are counted, none is refused."""

FILL: Final = """
    insert into gateway.client (id, first_name, last_name, email, subscription_type, send_day,
                                chosen_cities, property_type_preferences, active_since)
    select format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'Camille', 'Martin',
           format('agent%s@example.org', n), 'pro', 5, '{01053,64260}', '{house,apartment}',
           date '2026-01-01'
    from generate_series(0, $1) as n
"""
# Of months past. On empty tables PostgreSQL would plan, and keep for a while, to read them whole.
HISTORY: Final = """
    with job as (
      insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds, status,
                               properties_assigned)
      select gen_random_uuid(), 'scheduled', 10, '2026-10-21', n, '{01053}', '{house}',
             'completed', 10
      from generate_series(1, 20000) as n
      returning id, run
    )
    insert into gateway.movement (job_id, run, step, state)
    select id, run, step, state from job,
      (values ('scrape', 'done'), ('assign', 'done'), ('mail', 'sent')) as m (step, state)
"""
JOB: Final = """
    with job as (
      insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds)
      values (gen_random_uuid(), 'process', 10, '2026-11-21', 7, '{01053}', '{house}')
      returning id, run
    ), movements as (
      insert into gateway.movement (job_id, run, step, state)
      select id, run, step, state from job,
        (values ('scrape', 'running'), ('scrape', 'done'), ('assign', 'running')) as m (step, state)
    )
    select id::text from job
"""
READ, WRITE = "job-status", "process-client"


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that serves."""

    pid: int
    url: str
    key: str


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What wrk says of one load, and the CPU that it cost."""

    requests: int
    seconds: float
    p99_ms: float
    failed: int
    server_ms: float = 0
    """CPU of the server's process, a request."""
    postgres_ms: float = 0


Loads = Mapping[str, Load]
Serve = Callable[[Context, Database], AbstractAsyncContextManager[Side]]


async def measure(context: Context) -> list[Measure]:
    """Both routes of both, as often as asked."""
    if shutil.which("wrk") is None:
        raise BenchError(WRK_MISSING)
    ours: list[Loads] = []
    peers: list[Loads] = []
    for _ in range(context.runs):
        ours.append(await _loads(context, serving))
        peers.append(await _loads(context, _peer))
    return [*_measures("trackimmo", ours), *_measures(PEER, peers)]


def _measures(variant: str, runs: Sequence[Loads]) -> list[Measure]:
    return [each for route in (READ, WRITE) for each in _of_route(variant, route, runs)]


def _of_route(variant: str, route: str, runs: Sequence[Loads]) -> list[Measure]:
    loads, ours = [run[route] for run in runs], variant != PEER
    what, wanted = f"{route}, key and limit, {CONNECTIONS} connections", ours and route == READ
    note = "a job of 3 movements among 20,001" if route == READ else "a new job each, no broker"
    return [
        Measure(
            what=what,
            variant=variant,
            unit="requests/s",
            values=tuple(load.requests / load.seconds for load in loads),
            least=4_000 if wanted else None,
            aim=5_500 if wanted else None,
            least_ratio=1 if wanted else None,
            note=f"one process, uvicorn, uvloop, httptools; {SECONDS} s of wrk; {note}",
        ),
        Measure(
            what=f"{what}: p99",
            variant=variant,
            unit="ms",
            values=tuple(load.p99_ms for load in loads),
            least=10 if wanted else None,
            aim=8 if wanted else None,
            lower_is_better=True,
        ),
        *(
            Measure(
                what=f"{what}: CPU of {who}, a request",
                variant=variant,
                unit="ms",
                values=tuple(used),
                lower_is_better=True,
            )
            for who, used in (
                ("the server", [load.server_ms for load in loads]),
                ("PostgreSQL", [load.postgres_ms for load in loads]),
            )
        ),
    ]


async def _loads(context: Context, serve: Serve) -> Loads:
    """What each route does on a database of its own."""
    async with context.database() as database:
        admin = await database.connect()
        await admin.execute(FILL.replace("$1", str(CLIENTS)))
        await admin.execute(f"set session_replication_role = replica; {HISTORY}")  # no triggers
        await admin.execute("reset session_replication_role")
        job = await admin.fetchval(JOB)
        await admin.execute("vacuum analyze")
        async with serve(context, database) as side:
            server = context.cluster.pid
            return {
                READ: await _load(side, f"/api/job-status/{job}", server),
                WRITE: await _load(side, "/api/process-client", server),
            }


async def _load(side: Side, path: str, postgres: int) -> Load:
    """A load after a short one that nobody counts."""
    await _wrk(side, path, WARM_SECONDS, 0)
    server_before, postgres_before = cpu_seconds(side.pid), cpu_seconds(postgres)
    load = await _wrk(side, path, SECONDS, CLIENTS // 4)
    if load.failed:
        raise BenchError(f"{load.failed} requests of {path} failed: see the server's log.")
    return msgspec.structs.replace(
        load,
        server_ms=(cpu_seconds(side.pid) - server_before) / load.requests * 1000,
        postgres_ms=(cpu_seconds(postgres) - postgres_before) / load.requests * 1000,
    )


async def _wrk(side: Side, path: str, seconds: int, first: int) -> Load:
    process = await asyncio.create_subprocess_exec(
        *("wrk", "--threads", "1", "--connections", str(CONNECTIONS)),
        *("--duration", f"{seconds}s", "--script", str(LOAD_SCRIPT), side.url + path),
        *("--", side.key, str(first)),
        stdin=DEVNULL,
        stdout=PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchError(f"wrk ended with {process.returncode}: {said.decode()}")
    return msgspec.json.decode(said.splitlines()[-1], type=Load)


@asynccontextmanager
async def serving(context: Context, database: Database, **settings: str) -> AsyncGenerator[Side]:
    """Our gateway on this database, without a broker: what it accepts waits in the outbox."""
    side = {"API_KEY": secrets.token_urlsafe(32), "GATEWAY_PORT": str(free_port())}
    settings = {
        "DATABASE_URL": database.url("gateway"),
        "KAFKA_BOOTSTRAP_SERVERS": NO_BROKER,
        "SECRET_KEY": secrets.token_urlsafe(32),
        "RATE_LIMIT_REQUESTS": UNLIMITED,
        **settings,
    }
    with (context.folder / "gateway.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *child.command_line(sys.executable, "-m", "services.gateway.main"),
            cwd=ROOT,
            env={**os.environ, **settings, **side},
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{side['GATEWAY_PORT']}"
        await until(lambda: _answers(url), "gateway that is ready", every=0.1)
        yield Side(pid=process.pid, url=url, key=side["API_KEY"])
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"{url}/ready")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def _peer(context: Context, database: Database) -> AsyncGenerator[Side]:
    key, port, log = secrets.token_urlsafe(32), free_port(), context.folder / "fastapi.log"
    arguments = (database.url("gateway"), str(port), str(log))
    async with context.serving(PEER_SCRIPT, *arguments, environ={"API_KEY": key}) as serving:
        yield Side(pid=serving.pid, url=f"http://127.0.0.1:{port}", key=key)
