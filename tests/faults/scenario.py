"""Scenarios: what is done to a running system, and what must hold beyond the invariants."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from tests.faults.rig import Rig

Act = Callable[[Rig], Awaitable[None]]
OUTAGE_SECONDS: Final = 30.0
"""How long what is away stays away."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, and the system that it meets."""

    name: str
    says: str
    act: Act
    """Runs beside the load; the fault has ended when it returns."""
    before: Act | None = None
    """Runs when the servers are there and no service is."""
    clients: int = 12
    replicas: Mapping[str, int] = {}
    environ: Mapping[str, str] = {}
    failpoint: Mapping[str, str] = {}
    """By service, for its first life."""
    passings: int = 1
    """The failpoint strikes at one of so many passings, by the seed."""
    seeds: bool = False
    """A kill point: run with every seed, where others run once."""
    alone: bool = False
    """Does something to a server that all runs share, or measures more than whether it recovers."""
    telling: bool = False
    """Belongs to the short programme."""


SCENARIOS: Final[dict[str, Scenario]] = {}


def register(scenario: Scenario) -> None:
    """Have the programme know a scenario."""
    if scenario.name in SCENARIOS:
        raise ValueError(f"There are two scenarios named {scenario.name}")
    SCENARIOS[scenario.name] = scenario


def scenario(name: str, says: str, **options: Any) -> Callable[[Act], Act]:
    """Make a scenario of what acts on the rig."""

    def made(act: Act) -> Act:
        register(Scenario(name=name, says=says, act=act, **options))
        return act

    return made
