"""`docs/api.md` is a session that runs: every block of it, in one shell, on a running stack."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

from tests.support.stack import ROOT, running_stack

GUIDE = ROOT / "docs/api.md"
MARK = "=== block "


def blocks() -> list[str]:
    """The shell blocks of the guide, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


def session() -> str:
    """All blocks as one script that says where each begins, and stops at the first that fails."""
    told = [f"echo '{MARK}{number}'\n{block}" for number, block in enumerate(blocks(), 1)]
    return "set -euo pipefail\n" + "\n".join(told)


def run(folder: Path, api: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "API": api, "KEYS": str(folder / "keys.json")}
    return subprocess.run(
        ["bash", "-c", session()],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


async def test_every_block_of_the_guide_runs(tmp_path: Path):
    async with running_stack(tmp_path) as stack:
        done = await asyncio.to_thread(run, tmp_path, str(stack.api.base_url).rstrip("/"))
    said = [part.partition("\n")[2] for part in done.stdout.split(MARK)[1:]]
    assert done.returncode == 0, f"block {len(said)}: {done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    assert len(said) == len(blocks())
    told = dict(enumerate(said, 1))
    assert '"status":"ok"' in told[1]
    assert "id:" in told[3]
    assert told[3].strip().endswith("completed")
    assert "rappeler mardi" in told[5]
    assert '"status":422' in told[10]
