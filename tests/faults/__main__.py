"""`python -m tests.faults`: run scenarios on the real system and judge what it did."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults import servers
from tests.faults.results import Result, keep, kept
from tests.faults.run import commit, run
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.servers import Servers

Planned = tuple[Scenario, int]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--telling", action="store_true", help="the ten most telling scenarios")
    what.add_argument("--full", action="store_true", help="everything, kill points with --seeds")
    what.add_argument("--scenario", help="some by name, comma-separated")
    what.add_argument("--mutants", nargs="*", help="each safeguard removed in turn, or those named")
    what.add_argument("--soak", type=float, metavar="MINUTES", help="mixed faults for so long")
    what.add_argument("--report", action="store_true", help="write docs/reliability-report.md")
    what.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="of each kill point")
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side")
    return parser.parse_args()


def _planned(asked: argparse.Namespace) -> Sequence[Planned]:
    if asked.scenario:
        unknown = [name for name in asked.scenario.split(",") if name not in SCENARIOS]
        if unknown:
            sys.exit(f"No scenario is named {', '.join(unknown)}: --list names them all")
        return [(SCENARIOS[name], asked.seed) for name in asked.scenario.split(",")]
    if asked.telling:
        return [(each, asked.seed) for each in SCENARIOS.values() if each.telling]
    seeds = range(1, asked.seeds + 1)
    return [(each, seed) for each in SCENARIOS.values() for seed in (seeds if each.seeds else (1,))]


async def _run_all(planned: Sequence[Planned], name: str, at_once: int) -> bool:
    """Run what is not kept yet for the present code; true when nothing was violated."""
    done = {(each.scenario, each.seed) for each in kept(name) if each.commit == commit()}
    left = [
        (each, seed) for each, seed in planned if name == "some" or (each.name, seed) not in done
    ]
    together = [pair for pair in left if not pair[0].alone]
    alone = [pair for pair in left if pair[0].alone]
    good = True
    with tempfile.TemporaryDirectory(
        prefix="trackimmo-faults-", ignore_cleanup_errors=True
    ) as folder:
        async with servers.running(Path(folder)) as there:
            for batch, width in ((together, at_once), (alone, 1)):
                gate = asyncio.Semaphore(width)
                results = [_one(there, pair, name, gate) for pair in batch]
                good &= all(await asyncio.gather(*results))
    return good


async def _one(there: Servers, pair: Planned, name: str, gate: asyncio.Semaphore) -> bool:
    async with gate:
        result = await run(there, *pair)
    keep(result, name)
    _tell(result)
    return not result.broken


def _tell(result: Result) -> None:
    recovered = "" if result.recovery_seconds is None else f"{result.recovery_seconds:5.1f} s"
    verdict = "VIOLATED" if result.broken else "ok"
    print(
        f"{result.scenario:32} seed {result.seed:<3} {verdict:9} at rest after {recovered:8}"
        f" ({result.start_seconds:.1f} + {result.seconds:.0f} s, {result.kills} kills,"
        f" {result.duplicates} duplicates, {result.jobs} jobs, {result.mails} mails)",
        flush=True,
    )
    for note in result.notes:
        print(f"    {note}", flush=True)
    for verdict in result.broken:
        print(f"    {verdict.invariant}: {verdict.says}", flush=True)
        for line in verdict.found:
            print(f"        {line}", flush=True)


def main() -> None:
    asked = _arguments()
    if asked.list:
        for each in SCENARIOS.values():
            print(f"{each.name:32} {each.says}")
        return
    name = "full" if asked.full else "telling" if asked.telling else "some"
    sys.exit(0 if asyncio.run(_run_all(_planned(asked), name, asked.at_once)) else 1)


if __name__ == "__main__":
    main()
