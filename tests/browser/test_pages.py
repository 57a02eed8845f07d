"""Pages that links lead to, as a browser shows them: without scripts, on any screen, in any light."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from services.gateway.pages.rendering import HEADERS, page

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PAGES = {
    "unsubscribe-fr": page("unsubscribe", "fr", unsubscribed=False, done=False),
    "resume-en": page("unsubscribe", "en", unsubscribed=True, done=True),
    "expired-fr": page("message", "fr", subject="expired"),
}


@contextmanager
def shown(
    browser: Browser, content: bytes, *, width: int, scheme: Scheme, scripts: bool = False
) -> Generator[tuple[Page, list[str]]]:
    """The page as our server sends it; what it asks for besides is listed and not given."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts
    )
    asked: list[str] = []

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8"}
            route.fulfill(body=content, headers=headers)
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    opened = context.new_page()
    opened.goto("https://trackimmo.test/u/token")
    yield opened, asked
    context.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_read_it(browser: Browser, name: str, scheme: Scheme):
    with shown(browser, PAGES[name], width=600, scheme=scheme, scripts=True) as (opened, _):
        found = Axe().run(opened, options={"runOnly": LEVELS})

    problems = [(p["id"], p["nodes"][0]["html"][:120]) for p in found.response["violations"]]
    assert problems == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 900])
def test_it_fits_a_small_screen_without_scripts(
    browser: Browser, screenshots: Path, name: str, scheme: Scheme, width: int
):
    with shown(browser, PAGES[name], width=width, scheme=scheme) as (opened, asked):
        opened.screenshot(path=screenshots / f"page-{name}-{scheme}-{width}.png", full_page=True)
        widest = opened.evaluate("document.documentElement.scrollWidth")
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")

    assert widest <= width
    assert paper == {"light": "rgb(245, 245, 251)", "dark": "rgb(20, 21, 31)"}[scheme]
    assert [url for url in asked if not url.startswith("https://trackimmo.test/docs/")] == []
