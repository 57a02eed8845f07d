"""Reading twice, timed, for the peers that read sales files."""

import json
import time
from pathlib import Path


def peak_resident_mb():
    """Of this process and no other: `ru_maxrss` would count what it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def report(read):
    """Print what the second reading cost and the memory that the first one needed."""
    read()
    peak_mb = peak_resident_mb()
    began, used = time.perf_counter(), time.process_time()
    lines, groups, homes = read()
    said = {
        "lines": int(lines),
        "groups": int(groups),
        "homes": int(homes),
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - used,
        "peak_mb": peak_mb,
    }
    print(json.dumps(said))
