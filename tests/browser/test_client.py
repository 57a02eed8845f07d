"""A client with 500 homes: the map is there at once, the cards are paged, one lights the other."""

import re
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import Site

pytestmark = pytest.mark.browser

HOMES = 500
SECONDS = 5
"""Bound for a busy machine; alone it takes a fifth."""
READY = ".map[data-state=ready]"
MARKS = """
    addEventListener("map:ready", ({ detail }) => {
      globalThis.drawn = detail; globalThis.readyAt = performance.now();
    });
"""
WHERE = """
    (id) => {
      const point = drawn.map.latLngToContainerPoint(drawn.marks.get(id).getLatLng());
      const box = document.querySelector(".map").getBoundingClientRect();
      return [box.x + point.x, box.y + point.y];
    }
"""
RADIUS = "(id) => drawn.marks.get(id).getRadius()"

REGISTER = """
    insert into gateway.client (first_name, last_name, email, company_name, subscription_type, send_day,
      addresses_per_report, chosen_cities, property_type_preferences, active_since)
    values ('Rose', 'Moulin', 'rose@moulin.example', 'Agence aux 500 adresses', 'pro', 15, 500, '{01053}',
            '{house}', '2026-01-01')
    returning id
"""
CHOOSE = """
    with choice as (
      insert into assigner.choice (job_id, client_id, requested, found, as_of, seed, cities, tried)
      values (gen_random_uuid(), $1, 500, 500, '2026-11-21', 7, '{01053}', '{}') returning job_id
    ), home as (
      insert into assigner.home select 'rose ' || n, gen_random_uuid() from generate_series(1, 500) n
      returning home_key
    )
    insert into assigner.assignment (client_id, home_key, job_id, position, property_id, insee_code,
      city_name, postal_code, address, kind, sold_on, price_eur, surface_m2, rooms, latitude, longitude,
      source, edition)
    select $1, 'rose ' || n, job_id, n, gen_random_uuid(), '01053', 'Bourg-en-Bresse', '01000',
           n || ' RUE DES ROSES', 'house', date '2019-06-14' + n % 300, 150000 + n * 100, 90, 4,
           46.2 + n % 25 * 0.004, 5.2 + n / 25 * 0.004, 'geo-dvf', '2024-10'
    from choice, generate_series(1, 500) n
"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def rose(site: Site) -> str:
    """The page of a client with 500 homes."""
    client_id: UUID = site.execute(REGISTER)[0]["id"]
    site.execute(CHOOSE, client_id)
    return f"/console/clients/{client_id}"


@pytest.fixture
def page(operator_page: Open) -> Page:
    opened = operator_page()
    opened.emulate_media(reduced_motion="reduce")
    opened.add_init_script(MARKS)
    return opened


def test_500_homes_can_be_used_within_a_second_and_stand_on_pages(page: Page, rose: str):
    begin = time.monotonic()
    page.goto(rose)
    page.wait_for_selector(READY)
    cards = page.locator("[data-place]")
    cards.nth(7).hover()
    expect(page.locator(".leaflet-tooltip:not(.outline-name)")).to_have_text(
        re.compile("RUE DES ROSES")
    )

    assert time.monotonic() - begin < SECONDS * 2
    assert page.evaluate("() => drawn.marks.size") == HOMES
    answered = "performance.getEntriesByName(new URL(document.querySelector('.map').dataset.places, location).href)[0]"
    assert page.evaluate(f"() => readyAt - {answered}.responseEnd") < SECONDS * 1000
    assert cards.count() == 36

    page.locator(".pager [rel=next]").click()
    page.wait_for_selector(READY)
    expect(cards.first).to_contain_text("37 RUE DES ROSES")
    assert page.evaluate("() => drawn.marks.size") == HOMES


def test_a_card_lights_its_mark_and_a_mark_its_card(page: Page, rose: str):
    page.goto(rose)
    page.wait_for_selector(READY)
    card = page.locator("[data-place]").nth(3)
    place = card.get_attribute("data-place")

    card.hover()
    assert page.evaluate(RADIUS, place) == 13
    page.locator("h1").hover()
    assert page.evaluate(RADIUS, place) == 8
    page.locator(".map").scroll_into_view_if_needed()
    page.mouse.move(*page.evaluate(WHERE, place))
    expect(card).to_have_class(re.compile("is-lit"))


def test_a_mark_leads_to_its_card_on_another_page(page: Page, rose: str, site: Site):
    far = str(
        site.execute("select address_id from assigner.home where home_key = 'rose 333'")[0][0]
    )
    page.goto(rose)
    page.wait_for_selector(READY)
    page.locator(".map").scroll_into_view_if_needed()
    page.evaluate("(id) => { drawn.map.setView(drawn.marks.get(id).getLatLng(), 17); }", far)
    page.mouse.click(*page.evaluate(WHERE, far))
    page.locator(".leaflet-popup a").first.click()

    page.wait_for_url(re.compile(rf"page=10#place-{far}$"))
    expect(page.locator(f"#place-{far}")).to_contain_text("333 RUE DES ROSES")
    expect(page.locator(f"#place-{far}")).to_be_in_viewport()


def test_every_card_shows_its_home_on_the_map_by_keyboard(page: Page, rose: str):
    page.goto(rose)
    page.wait_for_selector(READY)
    buttons = page.locator("[data-place] [data-show-place]")
    assert buttons.count() == 36
    page.locator(".pager [rel=next]").focus()
    page.keyboard.press("Shift+Tab")
    expect(buttons.last).to_be_focused()

    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup")
    expect(popup).to_contain_text("36 RUE DES ROSES")
    assert popup.evaluate("(popup) => popup.contains(document.activeElement)")


def test_without_script_the_list_says_what_the_map_would(operator_page: Open, rose: str):
    page = operator_page(java_script_enabled=False)
    page.goto(f"{rose}?page=14")

    assert page.locator("[data-place]").count() == 32
    expect(page.locator("[data-place]").last).to_contain_text("500 RUE DES ROSES")
    expect(page.locator(".pager [rel=next]")).to_have_count(0)


def test_what_has_no_way_back_wants_a_word(page: Page, rose: str, site: Site):
    page.goto(rose)
    erase = page.locator("details.danger").last
    erase.locator("summary").click()
    erase.locator("input[name=confirmation]").fill("rose")
    erase.locator("button").click()

    assert page.url.endswith(rose), "the browser itself asks for the whole word"
    page.evaluate(
        "() => document.querySelectorAll('[pattern]').forEach((e) => e.removeAttribute('pattern'))"
    )
    erase.locator("button").click()
    expect(page.locator("[role=alert]")).to_contain_text("Ce qui a été tapé ne correspond pas")
    alive = site.execute("select from gateway.client where email = 'rose@moulin.example'")
    assert len(alive) == 1
