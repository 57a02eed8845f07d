"""All invariants, one after the other."""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.faults.oracle.choices import homes_are_as_drawn
from tests.faults.oracle.flow import each_event_once, nothing_waits
from tests.faults.oracle.jobs import every_job_ends
from tests.faults.oracle.letters import dead_letters_are_poisons
from tests.faults.oracle.mails import each_mail_once
from tests.faults.oracle.observed import Observed
from tests.faults.oracle.order import nothing_goes_back
from tests.faults.oracle.privacy import nobody_is_named
from tests.faults.oracle.rest import nobody_holds_on
from tests.faults.results import Verdict

Invariant = Callable[[Observed], Awaitable[Verdict]]

INVARIANTS: Final[tuple[Invariant, ...]] = (
    every_job_ends,
    each_mail_once,
    nothing_waits,
    each_event_once,
    dead_letters_are_poisons,
    homes_are_as_drawn,
    nobody_holds_on,
    nobody_is_named,
    nothing_goes_back,
)
"""I1 to I9."""


async def judge(observed: Observed) -> list[Verdict]:
    """What each invariant says of a run."""
    return [await invariant(observed) for invariant in INVARIANTS]
