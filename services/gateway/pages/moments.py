"""Instants as pages say them: the clock of Paris, UTC for whoever looks twice."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.gateway.pages.wording import Language

PARIS: Final = ZoneInfo("Europe/Paris")
UNITS: Final = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


def paris(at: datetime) -> str:
    """`2026-11-22 12:30:05`: alike in both languages, and sorted as it is read."""
    return f"{at.astimezone(PARIS):%Y-%m-%d %H:%M:%S}"


def utc(at: datetime) -> str:
    """`2026-11-22 11:30:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: datetime) -> str:
    """What machines read."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def ago(at: datetime, now: datetime, say: Language) -> str:
    """`5 min ago`, `in 2 h`: as far as it matters."""
    seconds = (now - at).total_seconds()
    for length, unit in UNITS:
        if abs(seconds) >= length or length == 1:
            number = say.number(int(abs(seconds) // length))
            return say.told(f"{'ago' if seconds >= 0 else 'in'}_{unit}", n=number)
    raise AssertionError


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "paris": paris,
    "utc": utc,
    "iso": iso,
    "ago": ago,
}
"""As templates call them."""
