import subprocess
import sys
from pathlib import Path

import pytest

from deploy.containers import entry
from tests.deploy.containers.dockerfile import ROOT

ENTRY = ROOT / "deploy" / "containers" / "entry.py"


def test_a_variable_with_file_is_given_what_the_file_holds(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0f1e2d\n")

    told = entry.with_secrets({"API_KEY_FILE": f"{tmp_path}/key", "SECRETS": str(tmp_path)})

    assert told == {"API_KEY": "0f1e2d", "SECRETS": str(tmp_path)}


def test_a_file_that_is_no_secret_is_left_to_its_readers() -> None:
    told = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "LOG_FILE": ""}

    assert entry.with_secrets(told) == told


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="API_KEY_FILE names a file that cannot be read"):
        entry.with_secrets({"API_KEY_FILE": "/run/secrets/none"})


def test_arguments_come_before_the_module_of_the_image() -> None:
    assert entry.module(["json.tool", "--help"], {"MODULE": "site"}) == ["json.tool", "--help"]
    assert entry.module([], {"MODULE": "site"}) == ["site"]
    with pytest.raises(SystemExit, match="MODULE"):
        entry.module([], {})


def test_the_module_takes_the_place_of_the_entry() -> None:
    started = subprocess.Popen(
        [sys.executable, str(ENTRY), "timeit", "--number=1", "--repeat=1", "import os; print(os.getpid())"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip

    said, _ = started.communicate(timeout=20)

    assert said.splitlines()[0] == str(started.pid)
