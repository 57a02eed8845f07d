"""`LIVE=1` as it is, but for the host: the public publishers' paths over HTTPS.

The official folder has dropped the years that are wanted; a mirror of the raw files still has them.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import trustme

from deploy.simulator import Publisher, serving
from services.scraper.settings import PUBLIC_SOURCES, ScraperSettings
from tests.support.authority import certified
from tests.support.stack import ROOT, Stack, running_stack

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.asyncio(loop_scope="module"),
]

BOURG, HENDAYE = "01053", "64260"
DEFAULTS = ScraperSettings(database_url="", kafka_bootstrap_servers="")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return authority, path


@pytest.fixture(scope="module")
def publisher(authority: tuple[trustme.CA, Path]) -> Generator[Publisher]:
    with serving(tls=certified(authority[0], "localhost")) as running:
        yield running


@pytest.fixture(scope="module")
def live(publisher: Publisher, authority: tuple[trustme.CA, Path]) -> dict[str, str]:
    """What an operator sets for LIVE=1, and where we stand in for the web."""
    return {
        "LIVE": "1",
        "SALES_SOURCES": " ".join(elsewhere(entry, publisher) for entry in PUBLIC_SOURCES),
        "PLACES_URL": elsewhere(DEFAULTS.places_url, publisher),
        "EGRESS_ALLOW": f"localhost:{publisher.server_port}",
        "SSL_CERT_FILE": str(authority[1]),
    }


def elsewhere(entry: str, publisher: Publisher) -> str:
    """The same, at our host."""
    named, _, url = entry.rpartition("=")
    parts = urlsplit(url)
    assert parts.scheme == "https"
    moved = url.replace(f"https://{parts.netloc}", publisher.url)
    return f"{named}={moved}" if named else moved


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(
    tmp_path_factory: pytest.TempPathFactory, live: dict[str, str]
) -> AsyncGenerator[Stack]:
    async with running_stack(tmp_path_factory.mktemp("stack"), live) as started:
        yield started


async def delivered(stack: Stack, number: int, city: str) -> list[dict[str, Any]]:
    """The addresses that a new client with this city gets."""
    client_id = await stack.register(number, chosen_cities=[city])
    job = await stack.finished(await stack.start_job(client_id), 90)
    assert job["status"] == "completed", job
    shown = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
    return shown["properties"]


async def test_years_that_the_official_folder_has_dropped_come_from_the_raw_archive(
    stack: Stack, publisher: Publisher
) -> None:
    homes = await delivered(stack, 1, BOURG)

    assert len(homes) == 10
    assert {home["sale_date"][:4] for home in homes} <= {"2018", "2019", "2020"}
    served = await stack.query(
        "select distinct year, source, edition from scraper.download"
        " where insee_code = $1 and state = 'loaded' order by year",
        BOURG,
    )
    assert [tuple(row) for row in served][:3] == [
        (2018, "raw-dvf", "202304"),
        (2019, "raw-dvf", "202404"),
        (2020, "raw-dvf", "202504"),
    ]
    assert {(row["source"], row["edition"]) for row in served[3:]} == {("geo-dvf", "latest")}
    folder = "/geo-dvf/latest/csv"
    assert f"GET {folder}/2018/" in publisher.asked
    assert f"GET /object-storage{folder}/2021/communes/01/{BOURG}.csv" in publisher.asked
    assert "GET /dgfip_dvf/202404/valeursfoncieres-2019.txt.zip" in publisher.asked


async def test_a_file_of_all_france_serves_the_next_city_though_its_publisher_drops_it(
    stack: Stack, publisher: Publisher
) -> None:
    assert await delivered(stack, 3, BOURG)  # whichever test comes first: the files are here now
    publisher.drop("202304", "202404", "202504")
    try:
        homes = await delivered(stack, 2, HENDAYE)
    finally:
        publisher.dropped.clear()

    assert len(homes) == 10
    assert {home["insee_code"] for home in homes} == {HENDAYE}
    assert sum("/valeursfoncieres-2019.txt.zip" in asked for asked in publisher.asked) == 1


async def test_the_demo_ends_well_and_keeps_what_public_sites_sent(
    tmp_path: Path, live: dict[str, str]
) -> None:
    told = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "deploy.local", "demo"],
        cwd=ROOT,
        env={**os.environ, **live, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    addresses = [line for line in told.stdout.splitlines() if "BOURG" in line.upper()]
    assert len(addresses) == 10
    assert {line[:4] for line in addresses} <= {"2018", "2019", "2020"}
    left = await asyncio.to_thread(lambda: [path.name for path in tmp_path.glob("demo-*/*")])
    assert left == ["mail"]
    assert (tmp_path / "archive" / "urls").is_dir()
