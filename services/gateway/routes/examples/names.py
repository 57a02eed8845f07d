"""Ids and instants that the examples share."""

from typing import Final

CLIENT: Final = "0199c0de-0000-7000-8000-000000000001"
JOB: Final = "0199c0de-0000-7000-8000-0000000000a1"
BOURG: Final = "b03be7e8-c79c-5dc5-804e-692d274fc2cf"
MOMENT: Final = "2026-11-21T08:00:00Z"
