"""A real browser, which `make setup-browser` installs, and a furnished site to look at with it.

Without the browser these tests fail and say so.
"""

import shutil
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    StorageState,
    sync_playwright,
)

from deploy.local.postgres import Postgres
from tests.browser.serving import ADMIN_KEY, Site, serving
from tests.support.database import migrated_server
from tests.support.scratch import scratch_folder

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"

Open = Callable[..., Page]


def launched(playwright: Playwright) -> Browser:
    """Debian's own browser, without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.fail("chromium is not installed: run `make setup-browser`")
    return playwright.chromium.launch(
        executable_path=executable,
        args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    )


def signed_in(browser: Browser, site: Site) -> StorageState:
    """The cookies of an operator who has just signed in."""
    context = browser.new_context(base_url=site.url, locale="fr-FR")
    page = context.new_page()
    page.goto("/console/sign-in")
    page.locator("input[type=password]").fill(ADMIN_KEY)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        started = launched(playwright)
        yield started
        started.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures are kept for whoever wants to look: var/screenshots, not under git."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    """As elsewhere, but started in another thread: the browser may keep a loop in this one."""
    with scratch_folder() as folder, ThreadPoolExecutor(1) as thread:
        server = migrated_server(folder / "server")
        yield thread.submit(server.__enter__).result()
        thread.submit(server.__exit__, None, None, None).result()


@pytest.fixture(scope="session")
def site(postgres_server: Postgres) -> Generator[Site]:
    """One gateway for all tests of this process; who changes rows uses rows of their own."""
    with serving(postgres_server) as started:
        yield started


@pytest.fixture(scope="session")
def operator(browser: Browser, site: Site) -> StorageState:
    """The cookies that `operator_page` brings; who signs out has a session of their own."""
    return signed_in(browser, site)


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Generator[Open]:
    """Open a context of its own (`width=360, color_scheme="dark"`, …) and in it an empty page."""
    contexts: list[BrowserContext] = []

    def opened(*, width: int = 1200, **options: Any) -> Page:
        chosen: dict[str, Any] = {"locale": "fr-FR", **options}
        viewport: Any = {"width": width, "height": 800}
        context = browser.new_context(base_url=site.url, viewport=viewport, **chosen)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def operator_page(open_page: Open, operator: StorageState) -> Open:
    """As `open_page`, signed in: `operator_page().goto("/console/jobs")`."""
    return lambda **options: open_page(storage_state=operator, **options)


@pytest.fixture(scope="session")
def agent_url(site: Site) -> str:
    """The page of the ordinary client."""
    return site.url + site.agent_path()
