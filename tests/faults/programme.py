"""Which runs are to be made, and how many of them side by side."""

import asyncio
import fcntl
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final

import msgspec

from tests.faults import servers
from tests.faults.mutants import MUTANTS
from tests.faults.results import Result, keep, kept
from tests.faults.run import QUIET_SECONDS, run
from tests.faults.scenario import Scenario
from tests.faults.scenarios import SCENARIOS
from tests.faults.servers import Servers

MUTANT_SECONDS: Final = 40.0
"""What a mutant cannot bring to rest by then, it never will."""
RECOVERY_SECONDS: Final = 60.0
PLACES: Final = 1
"""So many programmes may run on a machine: more would only measure each other."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be made."""

    scenario: Scenario
    seed: int
    mutant: str = ""
    quiet_seconds: float = QUIET_SECONDS

    @property
    def good(self) -> Callable[[Result], bool]:
        """Whether a result is as it should be: nothing violated, or the mutant caught."""
        expected = MUTANTS[self.mutant].caught_by if self.mutant else ()
        if not expected:
            return lambda result: not result.broken and not self.is_late(result)
        return lambda result: any(verdict.invariant in expected for verdict in result.broken)

    def is_late(self, result: Result) -> bool:
        """Whether a kill took longer to recover from than is promised."""
        return self.scenario.seeds and (result.recovery_seconds or 0) > RECOVERY_SECONDS


def telling(seed: int) -> list[Planned]:
    """The short programme."""
    return [Planned(scenario=one, seed=seed) for one in SCENARIOS.values() if one.telling]


def full(seeds: int) -> list[Planned]:
    """Every scenario once, every kill point with so many seeds."""
    return [
        Planned(scenario=one, seed=seed)
        for one in SCENARIOS.values()
        for seed in range(1, (seeds if one.seeds else 1) + 1)
    ]


def mutants(names: Sequence[str], seed: int) -> list[Planned]:
    """One run with each safeguard removed, or with those named."""
    return [
        Planned(
            scenario=SCENARIOS[MUTANTS[name].scenario],
            seed=seed,
            mutant=name,
            quiet_seconds=MUTANT_SECONDS,
        )
        for name in names or MUTANTS
    ]


async def carry_out(
    planned: Sequence[Planned], name: str, *, at_once: int, tell: Callable[[Planned, Result], None]
) -> bool:
    """Make the runs and keep their results under a name; true when each is as it should be."""
    with ExitStack() as stack:
        stack.enter_context(_place())
        folder = Path(stack.enter_context(_scratch()))
        async with servers.running(folder) as there:
            good = [
                await _side_by_side(
                    [
                        _one(there, each, name, tell)
                        for each in planned
                        if each.scenario.alone is alone
                    ],
                    1 if alone else at_once,
                )
                for alone in (False, True)
            ]
    return all(good)


def left(planned: Sequence[Planned], name: str) -> list[Planned]:
    """Those of which no good result is kept, at whatever commit: delete the file to begin anew."""
    newest = {(one.scenario, one.seed, one.mutant): one for one in kept(name)}

    def is_done(one: Planned) -> bool:
        result = newest.get((one.scenario.name, one.seed, one.mutant))
        return result is not None and one.good(result)

    return [one for one in planned if not is_done(one)]


async def _side_by_side(runs: Sequence[Callable[[], Awaitable[bool]]], width: int) -> bool:
    gate = asyncio.Semaphore(width)

    async def in_turn(one: Callable[[], Awaitable[bool]]) -> bool:
        async with gate:
            return await one()

    return all(await asyncio.gather(*map(in_turn, runs)))


def _one(
    there: Servers, planned: Planned, name: str, tell: Callable[[Planned, Result], None]
) -> Callable[[], Awaitable[bool]]:
    async def made() -> bool:
        result = await run(
            there,
            planned.scenario,
            planned.seed,
            mutant=planned.mutant,
            quiet_seconds=planned.quiet_seconds,
        )
        keep(result, name)
        tell(planned, result)
        return planned.good(result)

    return made


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="trackimmo-faults-", ignore_cleanup_errors=True)


def _place() -> IO[str]:
    """One of the places on this machine, held until it is closed."""
    places = [
        (Path(tempfile.gettempdir()) / f"trackimmo-faults.{number}").open("w")
        for number in range(PLACES)
    ]
    for place in places:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return place
    print("Other programmes of faults run on this machine: waiting", file=sys.stderr)  # noqa: T201
    fcntl.flock(places[0], fcntl.LOCK_EX)
    return places[0]
