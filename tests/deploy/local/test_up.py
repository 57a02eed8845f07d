import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.settings import resolve
from deploy.local.up import AlreadyRunningError, only_one, supervisor, urls


def test_a_second_stack_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(AlreadyRunningError, match=rf"already \(process {os.getpid()}\)"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass


def test_refusing_is_one_sentence_and_a_failure(tmp_path: Path) -> None:
    with only_one(tmp_path):
        refused = subprocess.run(
            [sys.executable, "-m", "deploy.local", "up"],
            env={**os.environ, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "stop it first, or set another DATA_DIR." in refused.stderr


def test_everybody_can_find_everything(tmp_path: Path) -> None:
    stack = resolve({"DATA_DIR": str(tmp_path), "GATEWAY_PORT": "8123"})
    found = urls(stack)
    assert found["api"] == "http://127.0.0.1:8123"
    assert found["mail"] == str(tmp_path / "mail")
    assert found["scraper.probes"].endswith(f":{stack.ports['scraper.metrics']}")


def test_a_record_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stack.json").mkdir()
    supervisor(resolve({"DATA_DIR": str(tmp_path)})).changed({"gateway": 1})
    assert "[stack] stack.json could not be written" in capsys.readouterr().out
