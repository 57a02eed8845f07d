"""A leak is told from a process that breathes."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults import memory
from tests.faults.memory import LEAST_SAMPLES, MB, Memory, Sample, Trend, Watch, trend
from tests.faults.zygote import Life


def samples(mb_per_hour: float, *, breath_mb: float = 0.0, count: int = 120) -> list[Sample]:
    drawn = random.Random(5)
    return [
        (n * 5.0, int((70 + mb_per_hour * n * 5 / 3600 + drawn.gauss(0, breath_mb)) * MB))
        for n in range(count)
    ]


def test_a_straight_line_is_found_exactly():
    found = trend(samples(12.0))
    assert found.slope_mb_per_hour == pytest.approx(12.0, rel=1e-3)
    assert found.noise_mb_per_hour < 0.01
    assert not found.is_flat


def test_what_stays_and_what_shrinks_is_flat():
    assert trend(samples(0.0)).is_flat
    assert trend(samples(-40.0)).is_flat


def test_a_megabyte_in_ten_minutes_is_tolerated_and_two_are_not():
    assert trend(samples(5.9)).is_flat
    assert not trend(samples(12.0)).is_flat


def test_breath_is_no_leak_and_hides_none():
    assert trend(samples(0.0, breath_mb=2.0)).is_flat
    assert not trend(samples(120.0, breath_mb=2.0)).is_flat


def test_the_noise_of_independent_errors_is_the_standard_error():
    found = trend(samples(0.0, breath_mb=2.0))
    hours = 120 * 5 / 3600
    assert found.noise_mb_per_hour == pytest.approx(2.0 * 12**0.5 / hours / 120**0.5, rel=0.35)


def test_errors_that_resemble_each_other_make_a_slope_less_sure():
    drawn, size, slow = random.Random(5), 0.0, list[Sample]()
    for n in range(120):
        size = 0.9 * size + drawn.gauss(0, 0.9)
        slow.append((n * 5.0, int((70 + size) * MB)))
    quick = trend(samples(0.0, breath_mb=2.0))
    assert trend(slow).noise_mb_per_hour > 2 * quick.noise_mb_per_hour


def test_of_few_samples_nothing_is_said():
    with pytest.raises(ValueError, match="23 samples say nothing"):
        trend(samples(0.0, count=LEAST_SAMPLES - 1))


async def test_only_who_lived_to_the_end_has_a_series():
    watch = Watch()
    here, gone = Life("gateway", os.getpid()), Life("notifier", 2**22 + 1)
    watch.series[7], watch.services[7] = [(0.0, MB)], "scraper"
    for now in (10.0, 15.0, 20.0):
        watch.look([here, gone], now)
    [(pid, series)] = watch.since(12.0).items()
    assert pid == os.getpid()
    assert [at for at, _ in series] == [15.0, 20.0]
    assert all(size > 20 * MB for _, size in series)


def test_what_is_kept_is_read_again(tmp_path: Path):
    seen = Memory(
        seed=1,
        commit="abc",
        at=datetime(2026, 11, 22, tzinfo=UTC),
        service="gateway",
        minutes=9.0,
        samples=108,
        first_mb=70.0,
        last_mb=70.5,
        most_mb=71.0,
        trend=Trend(slope_mb_per_hour=3.0, noise_mb_per_hour=1.0),
    )
    memory.keep([seen], tmp_path)
    memory.keep([seen], tmp_path)
    assert memory.kept(tmp_path) == [seen, seen]
    assert str(seen) == "gateway: 70.0 MB, after 9.0 min 70.5 MB, +3.0 ± 1.0 MB/h"
