"""All invariants, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.faults.oracle.jobs import every_job_ends
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

Invariant = Callable[[Observed], Awaitable[Verdict]]

INVARIANTS: Final[tuple[Invariant, ...]] = (every_job_ends,)


async def judge(observed: Observed) -> list[Verdict]:
    """What each invariant says of a run."""
    return [await invariant(observed) for invariant in INVARIANTS]
