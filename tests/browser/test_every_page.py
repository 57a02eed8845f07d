"""Every page, whichever is added: for everybody, on any screen, by keyboard, without JavaScript."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState

from tests.browser.looking import Diary, readable, tabbed, violations
from tests.browser.pages import PAGES, ROUTES, Route
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

PHONE: Any = {"width": 360, "height": 740}
DESK: Any = {"width": 1280, "height": 800}

of_every_page = pytest.mark.parametrize("route", PAGES, ids=[route.name for route in PAGES])

Manner = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def manner(browser: Browser, site: Site, operator: StorageState) -> Generator[Manner]:
    """Contexts that the pages share, one for each way of looking."""
    opened: dict[Any, BrowserContext] = {}

    def context(route: Route, *, scripts: bool) -> BrowserContext:
        key = (route.is_for_operators, scripts)
        if key not in opened:
            opened[key] = browser.new_context(
                base_url=site.url,
                viewport=DESK if scripts else PHONE,
                java_script_enabled=scripts,
                locale="fr-FR",
                storage_state=operator if route.is_for_operators else None,
            )
        return opened[key]

    yield context
    for each in opened.values():
        each.close()


@of_every_page
def test_everybody_can_use_it_and_it_stays_with_us(
    manner: Manner, site: Site, route: Route
) -> None:
    page = manner(route, scripts=True).new_page()
    diary = Diary(page, site.url)
    address = route.addresses(site.world)[0]
    answer = page.goto(address)
    assert answer
    assert (answer.status, page.url) == (route.status, site.url + address)

    themes: tuple[Any, ...] = ("light", "dark")
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        assert (theme, violations(page)) == (theme, "")
    assert tabbed(page) == {"missed": [], "disordered": [], "unmarked": []}
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("refused") == []
    page.close()
    assert [error for error in diary.said if route.status == 200 or address not in error] == []
    assert (diary.left, diary.asked) == ([], [])


@of_every_page
def test_it_is_whole_without_javascript(manner: Manner, site: Site, route: Route) -> None:
    page = manner(route, scripts=False).new_page()
    page.goto(route.addresses(site.world)[0])
    seen = readable(page)
    page.close()

    assert len(seen["headings"]) == 1
    assert seen["headings"][0]
    assert seen["words"] > len(seen["headings"][0])
    assert seen["mute"] == [], "a form needs a button that sends it"
    assert seen["wide"] <= PHONE["width"]


def test_every_route_is_known_here(site: Site) -> None:
    assert PAGES
    for route in ROUTES:
        assert route.addresses(site.world)
