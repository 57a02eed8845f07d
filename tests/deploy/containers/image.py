"""An image made without an engine: the same files, the same libraries, the same command."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from deploy.local import child
from tests.deploy.containers import dockerfile
from tests.deploy.containers.compose import Compose
from tests.deploy.containers.dockerfile import ROOT, Image

UV: Final = Path(sys.executable).with_name("uv")
OFFLINE: Final = ("error sending request", "dns error", "Connect", "Failed to fetch", "timed out")


class Made(msgspec.Struct, frozen=True):
    """An image's content in a folder of its own."""

    image: Image
    folder: Path

    def command(self) -> list[str]:
        """What the container starts with."""
        python, *arguments = self.image.command
        return [self._python(python), *(self._inside(part) for part in arguments)]

    def health_check(self, port: str) -> list[str]:
        """What the engine asks it, on another port."""
        python, *arguments = self.image.health_check
        return [self._python(python), *(part.replace("9000", port) for part in arguments)]

    def environment(self, told: Mapping[str, str]) -> dict[str, str]:
        """What its processes see: the image's own words and what it is told."""
        return {
            **self.image.environment,
            **told,
            "PATH": f"{self.folder / 'venv' / 'bin'}:/usr/bin:/bin",
        }

    def start(self, told: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            return subprocess.Popen(
                child.command_line(*self.command()),  # ends with the test whatever happens
                cwd=self.folder / "app",
                env=self.environment(told),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _python(self, name: str) -> str:
        return str(self.folder / "venv" / "bin" / name)

    def _inside(self, path: str) -> str:
        return path.replace("/app/", f"{self.folder / 'app'}/")


def make(compose: Compose, name: str, folder: Path) -> Made:
    """The image of a container, or a skipped test where its libraries cannot be had."""
    build: dict[str, Any] = compose["services"][name]["build"]
    image = dockerfile.present().image(build["target"], build["args"]["SERVICE"])
    for source, target in image.copies:
        _copy(ROOT / source, folder / "app" / target, into=target.endswith("/"))
    for command in image.installs:
        if command.startswith("uv "):
            _run_uv(command, folder)
    return Made(image=image, folder=folder)


def _copy(source: Path, target: Path, *, into: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        return
    place = target / source.name if into else target
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, place)


def _run_uv(command: str, folder: Path) -> None:
    """The build's own line; with the cache and without bytecode, as only the set matters here."""
    arguments = command.replace("/venv", str(folder / "venv")).split()[1:]
    wanted = [part for part in arguments if part not in {"--no-cache", "--compile-bytecode"}]
    if wanted[0] == "venv":
        wanted += ["--python", str(Path(sys.executable).resolve())]
    done = subprocess.run(
        [str(UV), *wanted],
        cwd=ROOT,
        env={**os.environ, "UV_LINK_MODE": "copy"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        pytest.skip(f"no package index can be reached: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
