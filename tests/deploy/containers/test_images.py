"""The composition brought up without an engine: the same files, libraries, commands and order."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from subprocess import run

import pytest

from deploy.local.settings import SERVICES
from tests.deploy.containers import compose as composed
from tests.deploy.containers.image import Made, make
from tests.deploy.containers.site import site

pytestmark = [pytest.mark.slow, pytest.mark.any_broker, pytest.mark.timeout(300)]

OWNERS = {
    "litestar": ["gateway"],
    "polars": ["scraper"],
    "httpx": ["scraper", "assigner", "gateway"],  # Litestar wants it
    "aiosmtplib": ["notifier", "gateway"],
    "css_inline": ["notifier"],
    "jinja2": ["notifier", "gateway"],
    "xlsxwriter": ["gateway"],
    "pytest": [],
}


def test_the_composition_starts_from_its_images_alone(tmp_path: Path) -> None:
    images = built(tmp_path / "images")
    with site(tmp_path) as here, ExitStack() as stack:
        here.job(images["migrate"], "migrate")
        here.give_passwords()
        assert "client.process" in here.job(images["topics"], "topics")
        running = {n: stack.enter_context(here.service(images[n], n)) for n in SERVICES}
        for name, port in running.items():
            here.await_ready(name, port)
            assert run(images[name].health_check(port), check=False, timeout=20).returncode == 0
    for name in SERVICES:
        assert_only_its_own(name, images[name].folder)


def built(folder: Path) -> dict[str, Made]:
    """The images of the composition by the name of their container."""
    compose, names = composed.present(), (*SERVICES, "migrate", "topics")
    with ThreadPoolExecutor(2) as builders:
        made = builders.map(lambda name: make(compose, name, folder / name), names)
        return dict(zip(names, made, strict=True))


def assert_only_its_own(name: str, folder: Path) -> None:
    there = [path.name for path in (folder / "app" / "services").iterdir() if path.is_dir()]
    libraries = {path.name for path in folder.glob("venv/lib/*/site-packages/*")}
    strange = [lib for lib, owners in OWNERS.items() if lib in libraries and name not in owners]

    assert [each for each in there if each != "__pycache__"] == [name]
    assert strange == []
