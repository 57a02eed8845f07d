"""A month: the tick of 2,000 clients whose stock is present, until the last mail is accepted.

The five services as processes beside PostgreSQL and the broker, all on the cores of this machine;
Celery does the same job for the same clients in the same run, before the same mail sink.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from bench import clients, services, sink
from bench.context import Context
from bench.errors import BenchError
from bench.measure import Measure
from bench.processor import cpu_seconds
from bench.waiting import until
from libs.common.postgres import Connection

CLIENTS: Final = 2_000
SECONDS_AT_MOST: Final = 180
QUIET_SECONDS: Final = 1.0
CELERY: Final = "celery"

TICK: Final = """
    select * from scheduler.request_tick(
      'send_day', (public.clock() at time zone 'Europe/Paris')::date)
"""
OPEN: Final = "select count(*) from gateway.job where status <> 'completed'"
GIVEN: Final = """
    select count(*) as homes, count(distinct (client_id, home_key)) as doors,
           count(distinct client_id) as clients
    from assigner.assignment
"""


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """One run: how long until the last mail, and the CPU seconds of each process by name."""

    seconds: float
    cpu_seconds: Mapping[str, float]

    @property
    def clients_per_second(self) -> float:
        return CLIENTS / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Of a client, over all processes."""
        return sum(self.cpu_seconds.values()) / CLIENTS * 1000


async def measure(context: Context) -> list[Measure]:
    """Ours and Celery's month in turn."""
    ours: list[Month] = []
    celery: list[Month] = []
    for _ in range(context.runs):
        ours.append(await _ours(context))
        celery.append(await _celery(context))
    return [*_measures("trackimmo", ours), *_measures(CELERY, celery)]


def _measures(variant: str, months: Sequence[Month]) -> list[Measure]:
    is_ours = variant != CELERY
    how = "prefork 4, Redis with AOF each second, acks_late" if not is_ours else "five processes"
    return [
        Measure(
            what="month of 2,000 clients, tick → last mail accepted",
            variant=variant,
            unit="clients/s",
            values=tuple(month.clients_per_second for month in months),
            least=200 if is_ours else None,
            aim=400 if is_ours else None,
            least_ratio=1.5 if is_ours else None,
            note=f"{clients.SIZES}; {how}",
        ),
        Measure(
            what="month, CPU of all processes, a client",
            variant=variant,
            unit="ms",
            values=tuple(month.cpu_ms for month in months),
            least=8 if is_ours else None,
            lower_is_better=True,
            note=_by_process(months),
        ),
    ]


def _by_process(months: Sequence[Month]) -> str:
    used = {
        name: median(month.cpu_seconds[name] for month in months) / CLIENTS * 1000
        for name in months[0].cpu_seconds
    }
    return ", ".join(f"{name} {ms:.2f}" for name, ms in used.items())


async def _ours(context: Context) -> Month:
    async with context.database() as database, context.broker() as broker:
        await clients.fill(database, CLIENTS)
        async with services.running(database, broker, context.folder / "month") as running:
            await asyncio.sleep(QUIET_SECONDS)  # starting is over
            pids = {**running.pids(), "postgres": context.cluster.pid, "broker": broker.pid}
            before, began = _used(pids), time.monotonic()
            admin = await database.connect()
            await admin.execute(TICK)
            wait = partial(until, seconds=SECONDS_AT_MOST, every=0.1)
            await wait(lambda: is_mailed(running.sink_port), f"mail for each of {CLIENTS} clients")
            await wait(lambda: is_completed(admin), "end of all jobs")
            used = _used(pids)
            taken = await sink.count(running.sink_port)
            _verify(taken, await admin.fetchrow(GIVEN))
    return Month(
        seconds=taken.last_at - began,
        cpu_seconds={name: used[name] - before[name] for name in pids},
    )


def _used(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


async def is_mailed(port: int) -> bool:
    return (await sink.count(port)).mails >= CLIENTS


async def is_completed(connection: Connection) -> bool:
    return await connection.fetchval(OPEN) == 0


def _verify(taken: sink.Count, given: Mapping[str, int] | None) -> None:
    """Each client one mail of its own, and ten doors, none twice."""
    homes = CLIENTS * clients.ADDRESSES
    wanted = {"homes": homes, "doors": homes, "clients": CLIENTS}
    mails = (taken.mails, taken.recipients, taken.message_ids)
    if mails != (CLIENTS, CLIENTS, CLIENTS) or dict(given or {}) != wanted:
        raise BenchError(f"The month is wrong: {taken}, {given}, wanted {wanted}.")


async def _celery(context: Context) -> Month:
    folder: Path = context.folder / "month-celery"
    async with context.database() as database, services.sink(folder) as (port, process):
        await clients.fill(database, CLIENTS)
        said = await context.peer(
            "month_celery.py",
            *("run", database.url().replace("postgresql:", "postgresql+psycopg:")),
            *(str(folder), str(port), str(CLIENTS)),
            *(f"postgres={context.cluster.pid}", f"sink={process.pid}"),
        )
        taken = await sink.count(port)
        _verify(taken, said["given"])
    return Month(seconds=taken.last_at - said["began"], cpu_seconds=said["cpu_seconds"])
