"""Resident memory: each service idle and after a month, the scraper while it loads a big file."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bench import clients, inputs, services
from bench.context import Context
from bench.errors import BenchError
from bench.measure import Measure
from bench.month import CLIENTS, SECONDS_AT_MOST, TICK, is_completed, is_mailed
from bench.services import SERVICES
from bench.waiting import until

IDLE_SECONDS: Final = 3
MEBIBYTE: Final = 2**20
DEPARTMENT: Final = "01"
LOADING_SECONDS: Final = 600

PLACES: Final = "select count(*) from scraper.place"
IMPORT: Final = "select refusal from scraper.request_import($1, array[$2::int])"
LOADED: Final = "select count(*) from scraper.property"
IMPORTED: Final = """
    select state, done, error from scraper.refresh_overview
    where insee_code = $1 and state in ('done', 'failed')
"""


async def measure(context: Context) -> list[Measure]:
    """The services by name, idle and after a month of 2,000 clients."""
    country = inputs.raw_country(context.folder, seed=context.seed)
    peaks: list[float] = []
    idle: dict[str, list[float]] = {name: [] for name in SERVICES}
    after: dict[str, list[float]] = {name: [] for name in SERVICES}
    for _ in range(context.runs):
        quiet, worked = await _services(context)
        for name in SERVICES:
            idle[name].append(quiet[name])
            after[name].append(worked[name])
        peaks.append(await _peak(context, country))
    return [
        *_measures("idle", idle),
        *_measures("after a month of 2,000 clients", after),
        Measure(
            what="resident memory of the scraper, at most while it loads a national file",
            unit="MB",
            values=tuple(peaks),
            least=400,
            lower_is_better=True,
            note=f"import of a department from {inputs.COUNTRY_LINES:,} raw lines of all France,"
            f" {country.stat().st_size / MEBIBYTE:.0f} MB, seed {context.seed}",
        ),
    ]


def _measures(when: str, found: Mapping[str, Sequence[float]]) -> list[Measure]:
    return [
        Measure(
            what=f"resident memory of the {name}, {when}",
            unit="MB",
            values=tuple(values),
            least=150,
            aim=100,
            lower_is_better=True,
        )
        for name, values in found.items()
    ]


async def _services(context: Context) -> tuple[dict[str, float], dict[str, float]]:
    async with context.database() as database, context.broker() as broker:
        await clients.fill(database, CLIENTS)
        async with services.running(database, broker, context.folder / "memory") as running:
            await asyncio.sleep(IDLE_SECONDS)
            quiet = _resident(running.pids())
            admin = await database.connect()
            await admin.execute(TICK)
            wait = partial(until, seconds=SECONDS_AT_MOST, every=0.1)
            await wait(partial(is_mailed, running.sink_port), "mail for each client")
            await wait(partial(is_completed, admin), "end of all jobs")
            return quiet, _resident(running.pids())


async def _peak(context: Context, country: Path) -> float:
    """The most that the scraper held until a department of this file was loaded."""
    folder = context.folder / "memory-import"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)  # its archive: split anew
    source = {"SALES_SOURCES": f"raw-dvf@{inputs.YEAR}-{inputs.YEAR}={country.as_uri()}"}
    async with (
        context.database() as database,
        context.broker() as broker,
        services.running(database, broker, folder, names=["scraper"], settings=source) as running,
    ):
        admin = await database.connect()
        await until(lambda: admin.fetchval(PLACES), "places")
        refusal = await admin.fetchval(IMPORT, DEPARTMENT, inputs.YEAR)
        row = await until(
            lambda: admin.fetchrow(IMPORTED, DEPARTMENT),
            "end of the import",
            seconds=LOADING_SECONDS,
        )
        if refusal or (row and row["error"]) or not await admin.fetchval(LOADED):
            raise BenchError(f"The import failed: {refusal or row or 'no sale came of it'}")
        return resident_mb(running.pids()["scraper"], peak=True)


def _resident(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: resident_mb(pid) for name, pid in pids.items()}


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """What a process holds now, or held at its greatest; its children not counted."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(wanted):
            return int(line.split()[1]) * 1024 / MEBIBYTE
    raise BenchError(f"Process {pid} has no memory any more.")
