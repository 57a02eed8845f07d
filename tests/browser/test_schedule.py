"""A day is run by hand: first dry, then with a word typed; a day that was run says when."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

TODAY = "select (public.clock() at time zone 'Europe/Paris')::date as day"


def today(site: Site) -> date:
    day: date = site.execute(TODAY)[0]["day"]
    return day


def test_run_now_asks_and_then_explains_that_it_was_run(operator_page: Open, site: Site) -> None:
    """Of the notices: those of today were emitted by nobody in this test's world."""
    day = today(site)
    site.execute("delete from scheduler.tick where kind = 'pre_notification' and due_on = $1", day)
    page = operator_page(locale="en-GB")
    page.goto("/console/schedule")
    page.get_by_label("What").select_option("pre_notification")
    page.get_by_role("button", name="Dry run").click()
    dry = page.locator("#dry")
    expect(dry).to_contain_text(re.compile(r"clients? would be noticed"))
    ticks = (
        "select count(*) as n from scheduler.tick where kind = 'pre_notification' and due_on = $1"
    )
    assert site.execute(ticks, day)[0]["n"] == 0

    dry.get_by_text("Send the notices").first.click()
    typed = dry.get_by_label(f"To confirm, type: {day}")
    button = dry.get_by_role("button", name="Send the notices")
    typed.fill("yes")
    button.click()
    assert typed.evaluate("field => field.validity.patternMismatch")
    assert site.execute(ticks, day)[0]["n"] == 0
    typed.fill(str(day))
    button.click()

    expect(page.get_by_role("status")).to_contain_text("It is under way")
    expect(page.locator("#dry")).to_contain_text("Already run at")
    expect(page.locator("#dry form")).to_have_count(0)
    assert site.execute(ticks, day)[0]["n"] == 1


def test_a_day_of_the_calendar_tells_that_it_was_run(operator_page: Open, site: Site) -> None:
    page = operator_page()
    page.goto("/console/schedule")
    page.locator("[aria-current=date] a").first.click()
    expect(page.locator("#dry")).to_contain_text("Déjà lancé le")
    expect(page.locator("#dry")).to_contain_text("n’est livré qu’une fois par mois")


def test_the_day_on_which_clocks_change_says_so(operator_page: Open) -> None:
    page = operator_page(width=360)
    page.goto("/console/schedule?month=2027-03")
    cell = page.locator("td.day", has=page.get_by_role("link", name="28 mars 2027"))
    expect(cell).to_contain_text("Passage à l’heure d’été")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
