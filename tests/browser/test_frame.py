"""What every page of the console has, as a browser does it: the frame, its forms, its filters."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serving import ADMIN_KEY, Site

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def signed_in(open_page: Open) -> Page:
    """A session of its own: what it ends is nobody else's."""
    page = open_page()
    page.goto("/console/sign-in?next=/console/keys")
    page.get_by_label("Clé d’administration").fill(ADMIN_KEY)
    page.get_by_role("button", name="Se connecter").click()
    expect(page).to_have_url(re.compile("/console/keys$"))
    return page


def test_a_wrong_key_is_told_aloud_and_the_right_one_leads_on(open_page: Open):
    page = open_page()
    page.goto("/console/mails?tab=failed")
    page.get_by_label("Clé d’administration").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("n’ouvre pas la console")

    page.get_by_label("Clé d’administration").fill(ADMIN_KEY)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/console/mails\?tab=failed$"))


def test_the_first_tab_skips_to_what_the_page_is_about(operator_page: Open):
    page = operator_page()
    page.goto("/console/settings")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_the_page_that_is_shown_is_marked_and_in_sight_on_a_phone(operator_page: Open):
    page = operator_page(width=360)
    page.goto("/console/audit")
    marked = page.locator("nav.pages [aria-current=page]")

    expect(marked).to_have_text("Journal d’audit")
    expect(marked).to_be_in_viewport()


def test_the_language_is_changed_where_one_is(operator_page: Open):
    page = operator_page()
    page.goto("/console/audit?actor=env%3Aadmin")

    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile(r"/console/audit\?actor=env%3Aadmin$"))
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_a_filter_changes_the_list_and_keeps_the_focus(operator_page: Open):
    page = operator_page()
    page.goto("/console/jobs")
    page.evaluate("globalThis.stays = true")
    page.get_by_label("Genre").select_option("test")
    button = page.get_by_role("button", name="Filtrer")
    button.focus()

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("kind=test"))
    assert page.evaluate("globalThis.stays") is True  # no other page was loaded
    expect(button).to_be_focused()
    expect(page.get_by_label("Genre")).to_have_value("test")
    streams = page.locator("[hx-sse\\:connect]")
    expect(streams).to_have_count(1)
    expect(streams).to_have_attribute("hx-sse:connect", re.compile("kind=test"))
    page.go_back()
    expect(page.get_by_label("Genre")).to_have_value("")


def test_a_button_that_is_pressed_twice_sends_one_form(signed_in: Page, site: Site):
    signed_in.get_by_label("Nom").fill("pressed twice")
    signed_in.get_by_role("button", name="Créer la clé").dblclick()
    expect(signed_in.get_by_text("pressed twice").first).to_be_visible()

    (row,) = site.execute("select count(*) from gateway.api_key where name = 'pressed twice'")
    assert row[0] == 1


def test_escape_closes_what_was_to_be_confirmed(operator_page: Open):
    page = operator_page()
    page.goto("/console/keys")
    summary = page.locator("details.action > summary").first
    summary.press("Enter")
    opened = page.locator("details.action[open]")
    expect(opened).to_have_count(1)
    page.keyboard.press("Tab")

    page.keyboard.press("Escape")

    expect(opened).to_have_count(0)
    expect(summary).to_be_focused()


def test_a_page_that_follows_leads_to_the_sign_in_when_the_session_has_ended(
    signed_in: Page, site: Site
):
    signed_in.goto("/console")
    expect(signed_in.locator("#live")).to_contain_text("reste à jour")

    site.execute("delete from gateway.console_session where created_at = "
                 "(select max(created_at) from gateway.console_session)")  # fmt: skip

    expect(signed_in).to_have_url(re.compile("/console/sign-in"))


def test_after_signing_out_the_way_back_shows_nothing(signed_in: Page):
    signed_in.get_by_role("button", name="Se déconnecter").click()
    expect(signed_in).to_have_url(re.compile("/console/sign-in"))

    signed_in.go_back()

    expect(signed_in.get_by_label("Clé d’administration")).to_be_visible()
