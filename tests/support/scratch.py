"""A folder in memory for what a test process throws away."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 * 1024**3
PREFIX = "trackimmo-tests-"


@contextmanager
def scratch_folder() -> Generator[Path]:
    """A folder that goes with the block; what a killed run left behind goes at the next start.

    A database copied in memory takes 13 ms, on a disk ten times that.
    """
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    parent = MEMORY if roomy else Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        if not _runs(left.name.removeprefix(PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process_id: str) -> bool:
    return Path("/proc", process_id).exists()
