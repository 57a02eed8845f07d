"""Every scenario, registered by being imported."""

from tests.faults.scenario import SCENARIOS
from tests.faults.scenarios import kills

__all__ = ["SCENARIOS", "kills"]
