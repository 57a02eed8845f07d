"""What each process of a run holds in memory, and whether that grows."""

import asyncio
import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from tests.faults.results import FOLDER
from tests.faults.zygote import Life

EVERY_SECONDS: Final = 5.0
LEAST_SAMPLES: Final = 24
"""Of fewer nobody can say where they go."""
TOLERATED_MB_PER_HOUR: Final = 6.0
"""1 MB in ten minutes."""
NOISE: Final = 2.0
"""So many standard errors may be chance."""
MB: Final = 1 << 20

Sample = tuple[float, int]
"""Seconds, and bytes resident."""


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """A straight line through samples: where it leads, and how sure that is."""

    slope_mb_per_hour: float
    noise_mb_per_hour: float
    """The standard error of the slope, each sample resembling the one before as much as they do."""

    @property
    def is_flat(self) -> bool:
        """Whether growth, if any, is within the noise or too small to matter."""
        tolerated = max(NOISE * self.noise_mb_per_hour, TOLERATED_MB_PER_HOUR)
        return self.slope_mb_per_hour <= tolerated


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What one process held during a soak, after its warm-up."""

    seed: int
    commit: str
    at: datetime
    service: str
    minutes: float
    samples: int
    first_mb: float
    last_mb: float
    most_mb: float
    trend: Trend

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.service}: {self.first_mb:.1f} MB, after {self.minutes:.1f} min"
            f" {self.last_mb:.1f} MB, {self.trend.slope_mb_per_hour:+.1f}"
            f" ± {self.trend.noise_mb_per_hour:.1f} MB/h"
        )


class Watch:
    """Samples of every process that lived, by process id."""

    def __init__(self) -> None:
        self.series: dict[int, list[Sample]] = {}
        self.services: dict[int, str] = {}

    def look(self, lives: Iterable[Life], now: float) -> None:
        """Take a sample of each that is alive."""
        for life in lives:
            if bytes_resident := resident(life.pid):
                self.services[life.pid] = life.service
                self.series.setdefault(life.pid, []).append((now, bytes_resident))

    async def keep_looking(self, lives: Sequence[Life]) -> None:
        """Look every few seconds until cancelled; `lives` is the rig's own list."""
        while True:
            self.look(lives, time.monotonic())
            await asyncio.sleep(EVERY_SECONDS)

    def since(self, begin: float) -> dict[int, list[Sample]]:
        """What was seen from then on of those who live to this day, by process id."""
        ends = max((series[-1][0] for series in self.series.values()), default=begin)
        return {
            pid: [sample for sample in series if sample[0] >= begin]
            for pid, series in self.series.items()
            if series[-1][0] >= ends - 2 * EVERY_SECONDS
        }


def resident(pid: int) -> int:
    """Bytes of a process in memory, what it shares with others included; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    told = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(told[0].split()[1]) * 1024 if told else 0


def trend(samples: Sequence[Sample]) -> Trend:
    """The line of least squares; memory moves slowly, so its errors are not independent."""
    if len(samples) < LEAST_SAMPLES:
        raise ValueError(f"{len(samples)} samples say nothing of where memory goes")
    times = [seconds / 3600 for seconds, _ in samples]
    sizes = [size / MB for _, size in samples]
    mean_time, mean_size = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((at - mean_time) ** 2 for at in times)
    pairs = list(zip(times, sizes, strict=True))
    slope = sum((at - mean_time) * (size - mean_size) for at, size in pairs) / spread
    errors = [size - mean_size - slope * (at - mean_time) for at, size in pairs]
    noise = math.sqrt(sum(error**2 for error in errors) / (len(errors) - 2) / spread)
    return Trend(slope_mb_per_hour=slope, noise_mb_per_hour=noise * _inertia(errors))


def _inertia(errors: Sequence[float]) -> float:
    """How many times less a slope is known when each error resembles the one before."""
    squares = sum(error**2 for error in errors)
    if not squares:
        return 1.0
    alike = sum(one * after for one, after in pairwise(errors)) / squares
    alike = min(max(alike, 0.0), 0.95)
    return math.sqrt((1 + alike) / (1 - alike))


def keep(memories: Iterable[Memory], folder: Path = FOLDER) -> None:
    """Add what was seen to what is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "memory.jsonl").open("ab") as file:
        file.writelines(msgspec.json.encode(memory) + b"\n" for memory in memories)


def kept(folder: Path = FOLDER) -> list[Memory]:
    """All that was kept, in the order in which it came."""
    path = folder / "memory.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Memory) for line in lines]
