"""Names, addresses, notes, mails and servers' words that mean harm run nothing, on any page."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.browser.looking import Diary
from tests.browser.pages import PAGES, Route
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

WIDTH = 360


def harm(page: Page) -> list[int]:
    """Which hostile texts were believed, here or in a frame."""
    return [number for frame in page.frames for number in frame.evaluate("globalThis.harm ?? []")]


@pytest.mark.parametrize("route", PAGES, ids=[route.name for route in PAGES])
def test_harm_is_only_shown(open_page: Open, operator_page: Open, site: Site, route: Route) -> None:
    page = (operator_page if route.is_for_operators else open_page)(width=WIDTH)
    diary = Diary(page, site.url)
    for address in route.addresses(site.world):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
        assert (address, harm(page)) == (address, [])
        assert (address, page.evaluate("refused")) == (address, [])
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, address
    assert (diary.asked, diary.left) == ([], [])
    said = [error for error in diary.said if "evil.example" not in error]  # refused to a mail
    assert route.status != 200 or said == []
