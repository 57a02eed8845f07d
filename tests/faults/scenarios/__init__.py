"""Every scenario, registered by being imported."""

from tests.faults.scenario import SCENARIOS
from tests.faults.scenarios import (
    bus,
    comebacks,
    disks,
    doubts,
    erasure,
    handlers,
    kills,
    mail,
    messages,
    operators,
    poison,
    postgres,
    processes,
    schedule,
    site,
    waits,
    walls,
)

__all__ = [
    "SCENARIOS",
    "bus",
    "comebacks",
    "disks",
    "doubts",
    "erasure",
    "handlers",
    "kills",
    "mail",
    "messages",
    "operators",
    "poison",
    "postgres",
    "processes",
    "schedule",
    "site",
    "waits",
    "walls",
]
