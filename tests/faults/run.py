"""One run: the system starts, is loaded, meets its fault, comes to rest, and is judged."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from deploy.local.settings import SERVICES
from libs.common import postgres
from tests.faults.ledger import Ledger
from tests.faults.load import load, settle
from tests.faults.mutants import MUTANTS
from tests.faults.oracle import Observed, judge, unquiet
from tests.faults.raising import raised
from tests.faults.results import FOLDER, Result, Verdict, Violated
from tests.faults.rig import Rig
from tests.faults.scenario import Scenario
from tests.faults.servers import Servers

READY_SECONDS: Final = 60
QUIET_SECONDS: Final = 240
LOOK_SECONDS: Final = 0.1
ROOT: Final = Path(__file__).resolve().parents[2]
CODE: Final = ("libs", "services", "deploy", "tests/faults")
NUMBERS: Final = count(1)


async def run(
    servers: Servers,
    scenario: Scenario,
    seed: int,
    *,
    mutant: str = "",
    quiet_seconds: float = QUIET_SECONDS,
) -> Result:
    """Run a scenario once. What does not come to rest is a violation, and judged all the same."""
    ledger = Ledger(seed=seed, prefix=f"run{next(NUMBERS)}.")
    folder = servers.folder / ledger.prefix.rstrip(".")
    (folder / "data").mkdir(parents=True)
    began = time.monotonic()
    async with raised(servers, ledger, folder) as rig:
        complaints: list[Verdict] = []
        start_seconds, healed, recovery_seconds = 0.0, 0.0, None
        async with _complaining(complaints):
            await _begin(rig, scenario, mutant)
            start_seconds = time.monotonic() - began
            healed = await _live(rig, scenario)
        if not complaints:
            ended = ledger.deaths[-1].at if scenario.seeds and ledger.deaths else healed
            async with _complaining(complaints):
                await quiet(rig, quiet_seconds)
                recovery_seconds = time.monotonic() - ended
        result = Result(
            scenario=scenario.name,
            seed=seed,
            commit=commit(),
            at=datetime.now(UTC),
            mutant=mutant,
            start_seconds=round(start_seconds, 2),
            recovery_seconds=recovery_seconds and round(recovery_seconds, 2),
            verdicts=await _verdicts(rig, complaints),
            seconds=round(time.monotonic() - began, 2),
            **await _seen(rig),
        )
    if result.broken and not mutant:
        _keep_evidence(folder, result)
    shutil.rmtree(folder)
    return result


async def _verdicts(rig: Rig, complaints: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """What did not come to its end, what the oracle says, what the scenario promises."""
    verdicts = [*complaints, *await _judge(rig)]
    for says, check in rig.checks:
        async with _complaining(verdicts, says):
            await check()
    return tuple(verdicts)


async def _seen(rig: Rig) -> dict[str, Any]:
    """What was counted."""
    [row] = await rig.query("select count(*) as jobs from gateway.job")
    return {
        "kills": rig.kills,
        "crashes": rig.crashes,
        "jobs": row["jobs"],
        "mails": len(rig.post.accepted),
        "duplicates": suppressed(rig.folder),
        "notes": tuple(rig.notes),
    }


def _keep_evidence(folder: Path, result: Result) -> None:
    """What the services said in a run that violated something."""
    kept = FOLDER / "evidence" / f"{result.scenario} {result.seed}".replace(" ", "-")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    (kept / "result.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))


async def _begin(rig: Rig, scenario: Scenario, mutant: str) -> None:
    rig.mutant = mutant
    if mutant and (sql := MUTANTS[mutant].sql):
        await rig.execute(sql)
    rig.environ |= scenario.environ
    rig.ledger.replicas |= scenario.replicas
    if scenario.before:
        await scenario.before(rig)
    await settle(rig, scenario.clients)
    for service in SERVICES:
        for number in range(scenario.replicas.get(service, 1)):
            point = "" if number else _struck(rig, scenario, service)
            await rig.start(service, failpoint=point, mutant=mutant)
    if not scenario.before:
        await rig.until(lambda: _is_ready(rig), READY_SECONDS)


def _struck(rig: Rig, scenario: Scenario, service: str) -> str:
    point = scenario.failpoint.get(service, "")
    if not point or scenario.passings == 1:
        return point
    return f"{point}:{rig.random.randint(1, scenario.passings)}"


async def _is_ready(rig: Rig) -> bool:
    return (await rig.api.get("/ready")).is_success


async def _live(rig: Rig, scenario: Scenario) -> float:
    """Load and fault side by side; both are over when this returns: when the fault was."""

    async def act() -> float:
        await scenario.act(rig)
        return time.monotonic()

    acting = asyncio.ensure_future(act())
    tasks: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(load(rig, scenario.clients)),
        acting,
    ]
    try:
        await asyncio.gather(*tasks)
        return acting.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def quiet(rig: Rig, seconds: float) -> None:
    """Return when nothing that was accepted is under way any more."""
    deadline, under_way = time.monotonic() + seconds, "nothing was asked"
    while under_way:
        if time.monotonic() > deadline:
            raise Violated(f"not at rest after {seconds:.0f} s: {under_way}")
        await asyncio.sleep(LOOK_SECONDS)
        connection = await postgres.connect(rig.database.url())
        try:
            under_way = await unquiet(connection, rig.ledger)
        except asyncpg.PostgresError as error:
            under_way = type(error).__name__
        finally:
            connection.terminate()


@asynccontextmanager
async def _complaining(verdicts: list[Verdict], says: str = "") -> AsyncGenerator[None]:
    """What is violated inside becomes a verdict."""
    try:
        yield
    except Violated as error:
        told = f"{says}: {error}" if says else str(error)
        verdicts.append(Verdict(invariant="scenario", holds=False, says=told))


async def _judge(rig: Rig) -> list[Verdict]:
    connection = await postgres.connect(rig.database.url())
    try:
        return await judge(
            Observed(
                connection=connection,
                ledger=rig.ledger,
                accepted=rig.post.accepted,
                bus=rig.bus,
                prefix=rig.prefix,
                logs=rig.folder,
            )
        )
    finally:
        await connection.close()


def suppressed(folder: Path) -> int:
    path = folder / "duplicates"
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.rpartition(" ")[2]) for line in lines)


@cache
def commit() -> str:
    """The last commit that touched what runs here."""
    said = subprocess.run(
        ["git", "log", "-1", "--format=%h", "--", *CODE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()
