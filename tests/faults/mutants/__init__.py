"""Mutants: the system with one safeguard less, each of which the oracle must catch."""

from collections.abc import Mapping
from typing import Final

from tests.faults.mutants.bus import BUS
from tests.faults.mutants.jobs import JOBS
from tests.faults.mutants.mail import MAIL
from tests.faults.mutants.mutant import Mutant, MutationError

MUTANTS: Final[Mapping[str, Mutant]] = {mutant.name: mutant for mutant in (*BUS, *JOBS, *MAIL)}
"""By name."""

__all__ = ["MUTANTS", "Mutant", "MutationError"]
