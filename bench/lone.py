"""One client on an idle system: from the answer to its request until the server has its mail."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

import httpx

from bench import clients, services, sink
from bench.cluster import Database
from bench.context import Context
from bench.errors import BenchError
from bench.measure import Measure, percentile
from bench.services import Services
from bench.waiting import until
from libs.common.postgres import Connection

JOBS: Final = 40
WARM_UP: Final = 3
PAUSE_SECONDS: Final = (0.3, 0.7)

CLIENT_IDS: Final = "select id from gateway.client order by id limit $1"
COMPLETED: Final = "select status = 'completed' from gateway.job where id = $1::uuid"

HOPS: Final = (
    *("relay of the gateway", "to the scraper", "relay of the scraper", "to the assigner"),
    *("relay of the assigner", "to the notifier", "to the server's answer, stored"),
)
INSTANTS: Final = """
    select asked.created_at, asked.published_at, ready.created_at, ready.published_at,
           assigned.created_at, assigned.published_at, mail.created_at, mail.updated_at
    from gateway.outbox as asked
    join scraper.outbox as ready on ready.topic = 'properties.ready'
      and ready.headers ->> 'correlation_id' = $1
    join assigner.outbox as assigned on assigned.topic = 'properties.assigned'
      and assigned.headers ->> 'correlation_id' = $1
    join notifier.mail on mail.job_id = $1::uuid and mail.kind = 'notification'
    where asked.topic = 'client.process' and asked.headers ->> 'correlation_id' = $1
"""


async def measure(context: Context) -> list[Measure]:
    """Percentiles of each run, and where the time went."""
    runs: list[list[float]] = []
    hops: list[list[float]] = []
    for _ in range(context.runs):
        waited, instants = await _run(context)
        runs.append(waited)
        hops += instants
    note = f"{JOBS} jobs a run, one at a time, {clients.ADDRESSES} addresses; hops: {_hops(hops)}"
    return [
        Measure(
            what=f"accept → mail accepted, one client, idle, p{share}",
            unit="ms",
            values=tuple(percentile(run, share / 100) for run in runs),
            least=least,
            aim=aim,
            lower_is_better=True,
            note=note,
        )
        for share, least, aim in ((50, 150, 50), (95, 500, None))
    ]


def _hops(hops: Sequence[Sequence[float]]) -> str:
    medians = [median(values) for values in zip(*hops, strict=True)]
    return ", ".join(f"{name} {ms:.0f}" for name, ms in zip(HOPS, medians, strict=True))


async def _run(context: Context) -> tuple[list[float], list[list[float]]]:
    """How long each job took, and the milliseconds of its hops."""
    pause = random.Random(context.seed)
    async with context.database() as database, context.broker() as broker:
        await clients.fill(database, JOBS + WARM_UP)
        async with services.running(database, broker, context.folder / "lone") as running:
            waited: list[float] = []
            hops: list[list[float]] = []
            async with _api(running) as api:
                for number, client_id in enumerate(await _client_ids(database), 1):
                    await asyncio.sleep(pause.uniform(*PAUSE_SECONDS))
                    took, job_id = await _job(api, running.sink_port, client_id, number)
                    instants = await _instants(await database.connect(), job_id)
                    if number > WARM_UP:
                        waited.append(took)
                        hops.append(instants)
    return waited, hops


def _api(running: Services) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=running.api_url, headers={"X-API-Key": running.api_key})


async def _client_ids(database: Database) -> list[str]:
    rows = await (await database.connect()).fetch(CLIENT_IDS, JOBS + WARM_UP)
    return [str(row["id"]) for row in rows]


async def _job(api: httpx.AsyncClient, port: int, client_id: str, number: int) -> tuple[float, str]:
    answer = await api.post("/api/process-client", json={"client_id": client_id})
    accepted = time.monotonic()
    if not answer.is_success:
        raise BenchError(f"A job was refused: {answer.text}")

    async def mailed() -> float:
        taken = await sink.count(port)
        return taken.last_at if taken.mails == number else 0.0

    at = await until(mailed, "mail of the job", every=0.01)
    return (at - accepted) * 1000, answer.json()["job_id"]


async def _instants(connection: Connection, job_id: str) -> list[float]:
    """The milliseconds between the instants of a job that is completed."""

    async def completed() -> bool:
        return bool(await connection.fetchval(COMPLETED, job_id))

    await until(completed, "end of the job")
    row = await connection.fetchrow(INSTANTS, job_id)
    instants: list[datetime] = list(row or ())
    return [(later - earlier).total_seconds() * 1000 for earlier, later in pairwise(instants)]
