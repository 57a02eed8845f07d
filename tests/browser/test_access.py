"""A key is shown once; revoking it shuts out at once whoever has signed in with it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

pytestmark = pytest.mark.browser

KEYS = "/console/keys"


def make_key(page: Page, name: str) -> str:
    """A key that opens the console, as it is shown."""
    page.goto(KEYS)
    page.get_by_label("Name").fill(name)
    page.get_by_label("admin: /admin and this console").check()
    page.get_by_role("button", name="Make the key").click()
    return page.locator("#new-key").inner_text()


def test_a_key_is_shown_once(operator_page: Open) -> None:
    page = operator_page(locale="en-GB")
    key = make_key(page, "Shown once")
    assert re.fullmatch(r"tik_[\w-]{20,}", key)
    page.get_by_role("link", name="I have noted it down").click()
    expect(page.locator("tbody")).to_contain_text("Shown once")
    assert key not in page.content()
    page.go_back()
    assert key not in page.content()
    page.goto("/console/audit")
    assert key not in page.content()


def test_a_revoked_key_opens_nothing_from_then_on(operator_page: Open, open_page: Open) -> None:
    page = operator_page(locale="en-GB")
    key = make_key(page, "Soon revoked")
    other = open_page(locale="en-GB")
    other.goto("/console/sign-in")
    other.locator("input[type=password]").fill(key)
    other.locator("input[type=password]").press("Enter")
    other.goto(KEYS)
    expect(other.get_by_role("heading", level=1)).to_have_text("API keys")

    row = page.locator("tr", has_text="Soon revoked")
    row.locator("summary").click()
    row.get_by_label("To confirm, type").fill(key[:8])
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("it opens nothing any more")
    expect(row).to_contain_text("revoked")

    other.goto(KEYS)
    expect(other).to_have_url(re.compile("/console/sign-in"))


def test_own_key_is_said_to_be_own(open_page: Open, operator_page: Open) -> None:
    key = make_key(operator_page(locale="en-GB"), "My own")
    page = open_page(locale="en-GB")
    page.goto("/console/sign-in")
    page.locator("input[type=password]").fill(key)
    page.locator("input[type=password]").press("Enter")
    page.goto(KEYS)
    row = page.locator("tr", has_text="My own")
    row.locator("summary").click()
    expect(row).to_contain_text("you will be signed out at once")
