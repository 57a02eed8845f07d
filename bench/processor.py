"""What processes use: time on the processors, and memory."""

from collections.abc import Iterable

import psutil


def cpu_seconds(*pids: int) -> float:
    """CPU time so far of these processes and all below them, the ended ones included.

    Whoever is reaped leaves his time to his parent. The system counts in steps of 10 ms.
    """
    return sum(
        times.user + times.system + times.children_user + times.children_system
        for process in _trees(pids)
        for times in (process.cpu_times(),)
    )


def resident_bytes(*pids: int) -> int:
    """Memory that these processes and all below them hold at this moment."""
    return sum(process.memory_info().rss for process in _trees(pids))


def _trees(pids: Iterable[int]) -> list[psutil.Process]:
    roots = [psutil.Process(pid) for pid in pids]
    return [each for root in roots for each in (root, *root.children(recursive=True))]
