"""`python -m tests.faults`: run scenarios on the real system and judge what it did."""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from tests.faults import programme, report
from tests.faults.mutants import MUTANTS
from tests.faults.programme import Planned, carry_out, left
from tests.faults.results import FOLDER, Result
from tests.faults.scenarios import SCENARIOS
from tests.faults.soak import soak

TOGETHER: Final = 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--telling", action="store_true", help="the ten most telling scenarios")
    what.add_argument("--full", action="store_true", help="everything, kill points with --seeds")
    what.add_argument("--scenario", help="some by name, comma-separated")
    what.add_argument("--mutants", nargs="*", help="each safeguard removed in turn, or those named")
    what.add_argument("--soak", type=float, metavar="MINUTES", help="mixed faults for so long")
    what.add_argument("--report", action="store_true", help="write docs/reliability-report.md")
    what.add_argument("--list", action="store_true", help="name the scenarios and the mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="of each kill point")
    parser.add_argument("--at-once", type=int, default=TOGETHER, help="runs side by side")
    return parser.parse_args()


def _plan(asked: argparse.Namespace) -> tuple[str, Sequence[Planned]]:
    """Under which name results are kept, and the runs that are to be made."""
    if asked.scenario:
        names = _known(asked.scenario.split(","), SCENARIOS)
        return "some", [Planned(scenario=SCENARIOS[name], seed=asked.seed) for name in names]
    if asked.mutants is not None:
        names = _known(asked.mutants, MUTANTS)
        planned = programme.mutants(names, asked.seed)
        return "mutants", planned if names else left(planned, "mutants")
    if asked.soak:
        return "soak", [Planned(scenario=soak(asked.soak), seed=asked.seed)]
    if asked.full:
        return "full", left(programme.full(asked.seeds), "full")
    return "telling", programme.telling(asked.seed)


def _known(names: Sequence[str], there: Iterable[str]) -> Sequence[str]:
    unknown = [name for name in names if name not in there]
    if unknown:
        sys.exit(f"Nothing is named {', '.join(unknown)}: --list says what there is")
    return names


def _tell(planned: Planned, result: Result) -> None:
    name = f"{result.scenario} without {result.mutant}" if result.mutant else result.scenario
    rest = "never" if result.recovery_seconds is None else f"after {result.recovery_seconds:.1f} s"
    print(
        f"{name:40} seed {result.seed:<3} {_verdict(planned, result):9} at rest {rest:13}"
        f" ({result.start_seconds:.1f} + {result.seconds:.0f} s, {result.kills} kills,"
        f" {result.duplicates} duplicates, {result.jobs} jobs, {result.mails} mails)",
        flush=True,
    )
    lines = list(result.notes)
    for verdict in result.broken:
        lines += [f"{verdict.invariant}: {verdict.says}", *(f"    {one}" for one in verdict.found)]
    if result.broken and not result.mutant:
        lines.append(f"what the services said: {FOLDER / 'evidence'}")
    for line in lines:
        print(f"    {line}", flush=True)


def _verdict(planned: Planned, result: Result) -> str:
    if planned.good(result):
        return "caught" if result.mutant and result.broken else "ok"
    if result.mutant:
        return "MISSED"
    return "VIOLATED" if result.broken else "TOO LATE"


def _list() -> None:
    for each in SCENARIOS.values():
        print(f"{each.name:40} {each.says}")
    for mutant in MUTANTS.values():
        print(f"without {mutant.name:32} {mutant.says}")


def main() -> None:
    """Do what the command line asks for; exit 1 when something was violated, or a mutant missed."""
    asked = _arguments()
    if asked.list:
        _list()
    elif asked.report:
        report.write()
    else:
        name, planned = _plan(asked)
        if not asyncio.run(carry_out(planned, name, at_once=asked.at_once, tell=_tell)):
            sys.exit(1)


if __name__ == "__main__":
    main()
