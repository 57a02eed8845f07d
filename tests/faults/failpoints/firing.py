"""What happens at a point, at its nth passing or at each."""

import asyncio
import os
import re
import signal
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from tests.faults.failpoints.wrapping import FailpointError

Action = Literal["kill", "raise", "sleep"]

WANTED: Final = re.compile(
    r"(?P<point>[a-z0-9.-]+):(?P<action>kill|raise|sleep)"
    r"(:(?P<nth>\d+|\*))?(:(?P<seconds>\d+(\.\d+)?))?"
)
EVERY: Final = 0


class InjectedError(Exception):
    """What a point raises: an error that no service knows."""


class Fire:
    """Called at each passing of a point."""

    def __init__(self, point: str, action: Action, nth: int = 1, seconds: float = 0) -> None:
        self.point, self.action, self.nth, self.seconds = point, action, nth, seconds
        self.passed = 0

    async def __call__(self) -> None:
        """Kill, raise or sleep if this passing is the one."""
        self.passed += 1
        if self.nth not in {EVERY, self.passed}:
            return
        self._tell()
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.action == "raise":
            raise InjectedError(self.point)
        elif self.seconds:
            await asyncio.sleep(self.seconds)
        else:
            await asyncio.Event().wait()

    def _tell(self) -> None:
        """A line in the log: past all buffers, since the end may be near."""
        said = {
            "event": "failpoint",
            "point": self.point,
            "action": self.action,
            "level": "warning",
            "timestamp": datetime.now(UTC),
        }
        os.write(2, msgspec.json.encode(said) + b"\n")


def parse(wanted: str) -> Fire:
    """`point:kill|raise|sleep[:nth[:seconds]]`; nth `*` is every passing, no seconds are for ever."""
    found = WANTED.fullmatch(wanted)
    if not found:
        raise FailpointError(f"{wanted!r} is not point:kill|raise|sleep[:nth|*[:seconds]]")
    nth = found["nth"] or "1"
    if nth == "0":
        raise FailpointError(f"{wanted!r}: the first passing is 1")
    return Fire(
        found["point"],
        found["action"],  # pyright: ignore[reportArgumentType] - one of the three
        EVERY if nth == "*" else int(nth),
        float(found["seconds"] or 0),
    )
