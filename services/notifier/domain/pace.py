"""Domains that ask for fewer mails, and how slowly theirs go out."""

from datetime import timedelta
from typing import Final

FIRST_INTERVAL: Final = 1.0
LONGEST_INTERVAL: Final = 60.0
SHORTEST_INTERVAL: Final = 0.05
QUICKER: Final = 0.9
"""What a mail that is taken does to the interval; a refusal doubles it."""
EARLY: Final = 0.5
"""The part of an interval by which a mail may come too early: clocks and rests are coarse."""


class _Slowed:
    """A domain that has asked for fewer mails: when it may be asked again, and how often then."""

    def __init__(self) -> None:
        self.interval = FIRST_INTERVAL / 2
        self.until = self.free_at = self.asked_at = float("-inf")


class Pace:
    """How fast each domain takes mails, as learnt from its refusals; for all connections alike."""

    def __init__(self) -> None:
        self._slowed: dict[str, _Slowed] = {}

    def hold(self, domain: str, now: float) -> timedelta:
        """How long a mail to this domain has to wait; not at all where it may be offered now.

        Each that waits is given a moment of its own, so that they do not come back as a crowd.
        """
        slowed = self._slowed.get(domain)
        if slowed is None:
            return timedelta()
        if now >= max(slowed.until, slowed.asked_at + EARLY * slowed.interval):
            slowed.asked_at = now
            return timedelta()
        slowed.free_at = max(slowed.free_at, slowed.until, slowed.asked_at) + slowed.interval
        return timedelta(seconds=slowed.free_at - now)

    def refused(self, domain: str, now: float, wait: timedelta) -> None:
        """The domain wants nothing for that long, and then less at a time."""
        slowed = self._slowed.setdefault(domain, _Slowed())
        slowed.interval = min(slowed.interval * 2, LONGEST_INTERVAL)
        slowed.until = slowed.free_at = max(slowed.until, now + wait.total_seconds())

    def taken(self, domain: str) -> None:
        """The domain took a mail: the next may come a little sooner."""
        slowed = self._slowed.get(domain)
        if slowed is None:
            return
        slowed.interval *= QUICKER
        if slowed.interval < SHORTEST_INTERVAL:
            del self._slowed[domain]
