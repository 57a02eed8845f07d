"""Whatever the description allows is answered as described, whatever it forbids is refused."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT, Stack, running_stack

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(900)]

SETTINGS = Path(__file__).with_name("schemathesis.toml")
STREAMS = "/events$"
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "200")


def run(stack: Stack, folder: Path) -> subprocess.CompletedProcess[str]:
    keys = json.loads((stack.folder / "keys.json").read_text())
    program = Path(sys.executable).with_name("st")
    options = ("--no-color", "--exclude-path-regex", STREAMS, "--max-examples", EXAMPLES)
    url = f"{str(stack.api.base_url).rstrip('/')}/openapi.json"
    return subprocess.run(
        [program, "--config-file", SETTINGS, "run", url, *options],
        cwd=folder,
        env={**os.environ, **keys},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_nothing_is_found_by_200_examples_of_each_operation(tmp_path: Path):
    async with running_stack(tmp_path / "stack") as stack:
        paths = (await stack.api.get("/openapi.json")).json()["paths"]
        done = await asyncio.to_thread(run, stack, tmp_path)
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var/fuzz.txt").write_text(done.stdout + done.stderr)
    asked = sum(len(item) for path, item in paths.items() if not re.search(STREAMS, path))
    assert done.returncode == 0, done.stdout[-20_000:]
    assert f"Tested: {asked}" in done.stdout
