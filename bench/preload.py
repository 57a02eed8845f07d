"""The library that makes a disk wait, built from `slow_sync.c` when first needed."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from bench.errors import BenchError

SOURCE: Final = Path(__file__).with_name("slow_sync.c")


def is_possible() -> bool:
    """Whether this machine has what builds it."""
    return shutil.which("gcc") is not None


def built(folder: Path) -> Path:
    """The library in this folder, built anew if its source is younger."""
    library = folder / "slow_sync.so"
    if library.exists() and library.stat().st_mtime > SOURCE.stat().st_mtime:
        return library
    if not is_possible():
        raise BenchError("A slow disk is played by a library that gcc builds, and gcc is missing.")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["gcc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"],
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise BenchError(f"gcc could not build {SOURCE.name}: {done.stderr.strip()[-400:]}")
    return library
