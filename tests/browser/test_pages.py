"""Pages that links lead to, as a browser shows them: without scripts, on any screen, in any light."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Route

from services.gateway.pages.rendering import HEADERS, page
from tests.browser.looking import violations

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PAPER = {"light": "rgb(245, 245, 251)", "dark": "rgb(20, 21, 31)"}

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
        assert violations(opened) == ""


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_any_screen_without_scripts(
    browser: Browser, screenshots: Path, name: str, scheme: Scheme
):
    with shown(browser, PAGES[name], width=360, scheme=scheme) as (opened, asked):
        opened.screenshot(path=screenshots / f"page-{name}-{scheme}-360.png", full_page=True)
        paper = opened.evaluate("getComputedStyle(document.body).backgroundColor")
        for width in (360, 900):
            opened.set_viewport_size({"width": width, "height": 800})
            assert opened.evaluate("document.documentElement.scrollWidth") <= width

    assert paper == PAPER[scheme]
    assert [url for url in asked if not url.startswith("https://trackimmo.test/docs/")] == []
