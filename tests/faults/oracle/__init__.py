"""The oracle: what must hold of a run that has come to rest, one verdict for each invariant."""

from tests.faults.oracle.judging import judge
from tests.faults.oracle.observed import Accepted, Observed
from tests.faults.oracle.quiet import unquiet

__all__ = ["Accepted", "Observed", "judge", "unquiet"]
