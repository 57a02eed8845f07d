"""Instants as pages say them: the clock of Paris, UTC for whoever looks twice."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

PARIS: Final = ZoneInfo("Europe/Paris")


def paris(at: datetime) -> str:
    """`2026-11-22 12:30:05`: alike in both languages, and sorted as it is read."""
    return f"{at.astimezone(PARIS):%Y-%m-%d %H:%M:%S}"


def utc(at: datetime) -> str:
    """`2026-11-22 11:30:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: datetime) -> str:
    """What machines read."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {"paris": paris, "utc": utc, "iso": iso}
