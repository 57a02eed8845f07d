"""`python -m bench.reading FILE`: what reading a sales file costs us, as one line of JSON.

In a process of its own, so that its memory is nobody else's.
"""

import json
import sys
import time
from pathlib import Path

from services.scraper.sales import read_sales


def main(path: Path) -> None:
    """The second reading is the one that counts; the first shows how much memory one needs."""
    read_sales(path, name=path.name)
    peak_mb = peak_resident_mb()
    began, used = time.perf_counter(), time.process_time()
    reading = read_sales(path, name=path.name)
    said = {
        "lines": reading.lines,
        "groups": reading.groups,
        "homes": reading.homes,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": peak_mb,
    }
    print(json.dumps(said))


def peak_resident_mb() -> float:
    """Of this process and no other: `ru_maxrss` would count what it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
