"""The points at which a service can be made to die, to raise or to stand still.

- `firing`: what happens at a point, and when
- `wrapping`: named functions of the services with more before or after them
- `moments`: what a transaction or a batch has done when it ends
- `api`: the transactions of the HTTP interface
- `arms`: before or after what, and where that counts
- `points`: the table
"""

from tests.faults.failpoints.points import POINTS, Point, arm_failpoint
from tests.faults.failpoints.wrapping import FailpointError

__all__ = ["POINTS", "FailpointError", "Point", "arm_failpoint"]
