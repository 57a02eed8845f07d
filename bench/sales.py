"""The sales rule on a department-year: parse, group, identity; pandas and DuckDB doing less.

The peers read, group, filter and count the usual way. They make no identity, no resale keys and no
address, and count n locals with p cultures as n x p dwellings. Ours and theirs take turns.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import inputs
from bench.context import ROOT, Context
from bench.errors import BenchError
from bench.measure import OURS, Measure

PEERS: Final = {"pandas": "read_pandas.py", "DuckDB": "read_duckdb.py"}
LEAST, AIM = 600_000, 1_000_000
Said = Mapping[str, Any]


async def measure(context: Context) -> list[Measure]:
    """Lines a second, CPU and memory; of geo-DVF beside the peers, of raw DVF alone."""
    geo = inputs.geo_department(context.folder, seed=context.seed)
    raw = inputs.raw_part(context.folder, seed=context.seed)
    runs: dict[str, list[Said]] = {name: [] for name in (OURS, *PEERS)}
    of_raw: list[Said] = []
    for _ in range(context.runs):
        runs[OURS].append(await _ours(geo))
        for name, script in PEERS.items():
            runs[name].append(await context.peer(script, str(geo)))
        of_raw.append(await _ours(raw))
    return [
        *(
            each
            for name, said in runs.items()
            for each in _measures("geo-DVF", name, said, context)
        ),
        *_measures("raw DVF", OURS, of_raw, context),
    ]


async def _ours(path: Path) -> Said:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.reading", str(path)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchError(f"{path.name} was not read: see what was printed.")
    return msgspec.json.decode(said)


def _measures(layout: str, variant: str, runs: Sequence[Said], context: Context) -> list[Measure]:
    wanted = variant == OURS and layout == "geo-DVF"
    what, first = f"department-year, {layout}", runs[0]
    done = "parse + group + identity" if variant == OURS else "read + group + filter"
    return [
        Measure(
            what=what,
            variant=variant,
            unit="lines/s",
            values=tuple(said["lines"] / said["seconds"] for said in runs),
            least=LEAST if wanted else None,
            aim=AIM if wanted else None,
            note=f"{done}; {first['lines']:,} lines, {first['groups']:,} sales,"
            f" {first['homes']:,} single homes; seed {context.seed}",
        ),
        Measure(
            what=f"{what}: a CPU second",
            variant=variant,
            unit="lines",
            values=tuple(said["lines"] / said["cpu_seconds"] for said in runs),
        ),
        Measure(
            what=f"{what}: peak memory",
            variant=variant,
            unit="MB",
            values=tuple(said["peak_mb"] for said in runs),
            least=400 if wanted else None,
            lower_is_better=True,
        ),
    ]
