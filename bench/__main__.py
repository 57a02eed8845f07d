"""`python -m bench [NAME…] [--runs N] [--slow-disk] [--json FILE]`, or `report FILE…`.

Without names every area is measured. `report` prints docs/performance.md from such files.
"""

import argparse
import asyncio
import importlib
import re
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from bench import machine, report, results, table
from bench.context import SEED, Context, opened
from bench.errors import BenchError
from bench.measure import rows
from bench.results import Area, Results
from deploy.local.settings import data_dir
from deploy.local.up import AlreadyRunningError, only_one

HERE: Final = Path(__file__).parent
RUNS: Final = 5


def areas() -> list[str]:
    """The modules that measure something."""
    measuring = re.compile(r"^async def measure\(", re.MULTILINE)
    return [p.stem for p in sorted(HERE.glob("*.py")) if measuring.search(p.read_text())]


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; 0 when everything was measured."""
    if arguments[:1] == ["report"]:
        print(report.page([results.read(Path(name)) for name in arguments[1:]]))
        return 0
    asked = _parse(arguments)
    folder = data_dir() / "bench"
    folder.mkdir(exist_ok=True)
    try:
        with only_one(folder), opened(folder, runs=asked.runs, slow_disk=asked.slow_disk) as made:
            found = _run(made, asked.names or areas(), asked.json)
    except (AlreadyRunningError, BenchError) as error:
        print(error, file=sys.stderr)
        return 1
    return int(any(area.problem for area in found.areas))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(areas()))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--slow-disk", action="store_true", help="2 ms more for each fdatasync")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args(arguments)
    unknown = set(asked.names) - set(areas())
    if unknown:
        parser.error(f"no area is called {', '.join(sorted(unknown))}; there are {areas()}")
    return asked


def _run(context: Context, names: Sequence[str], file: Path | None) -> Results:
    described = machine.described(context.folder)
    described["PostgreSQL"] = asyncio.run(context.cluster.version())
    found = Results(
        machine=described,
        commit=machine.commit(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        runs=context.runs,
        seed=SEED,
        slow_disk=context.slow_disk,
    )
    for name in names:
        area = _measured(context, name)
        found = msgspec.structs.replace(found, areas=(*found.areas, area))
        print(f"\n{name}: {area.seconds:.0f} s {area.problem}")
        print(table.text(rows(area.measures)), flush=True)
        if file is not None:
            results.write(file, found)
    return found


def _measured(context: Context, name: str) -> Area:
    module, began = importlib.import_module(f"bench.{name}"), time.monotonic()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            measures = tuple(runner.run(module.measure(context)))
    except Exception as error:  # noqa: BLE001 - told in the report; the other areas go on
        if not isinstance(error, BenchError):
            traceback.print_exc()
        problem = str(error) or type(error).__name__
        return Area(name=name, seconds=time.monotonic() - began, problem=problem)
    return Area(name=name, seconds=time.monotonic() - began, measures=measures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
