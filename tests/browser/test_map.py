"""The map of a client: 2,000 homes in no time, linked with the list, nothing asked of anybody else."""

import json
import re
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from deploy.local.postgres import Postgres
from tests.browser.serving import ADMIN_KEY, Site, serving
from tests.browser.world import named

pytestmark = pytest.mark.browser

PATH = f"/console/clients/{named('client')}"
READY = ".map[data-state=ready]"
SECONDS = 5
"""Bound for a busy machine; alone it takes a fifth."""
WATCH = """
    addEventListener("map:ready", ({ detail, target }) => {
      globalThis.drawn = detail; globalThis.readyAt = performance.now();
      globalThis.selected = [];
      target.addEventListener("map:select", (event) => selected.push(event.detail.id));
    });
"""
WHERE = """
    (id) => {
      document.querySelector(".map").scrollIntoView({ block: "center" });
      const point = drawn.map.latLngToContainerPoint(drawn.marks.get(id).getLatLng());
      const box = document.querySelector(".map").getBoundingClientRect();
      return [box.x + point.x, box.y + point.y];
    }
"""

Open = Callable[..., Page]


def answered(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the map told something else than what is in the database."""

    def answer(route: Route) -> None:
        told = route.fetch().json()
        change(told)
        route.fulfill(json=told)

    page.route(re.compile(r"places\.json"), answer)


def many(count: int) -> Callable[[dict[str, Any]], None]:
    statuses = ["new", "contacted", "meeting", "negotiation", "mandate", "sold"]

    def change(told: dict[str, Any]) -> None:
        told["places"] = [
            {
                "id": f"home-{n}", "latitude": 46.2 + (n % 50) * 0.004, "kind": "house",
                "longitude": 5.2 + (n // 50) * 0.004, "label": f"{n} RUE DU LAC",
                "status": statuses[n % 6],
            }
            for n in range(count)
        ]  # fmt: skip

    return change


@pytest.fixture
def client_page(operator_page: Open) -> Page:
    page = operator_page()
    page.add_init_script(WATCH)
    return page


@pytest.mark.parametrize("count", [500, 2000])
def test_many_homes_can_be_used_within_a_second(client_page: Page, count: int):
    answered(client_page, many(count))
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)
    begin = time.monotonic()
    client_page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    )
    x, y = client_page.evaluate(WHERE, "home-257")
    client_page.mouse.move(x, y)
    client_page.wait_for_selector(".leaflet-tooltip:has-text('RUE DU LAC')")

    drawing = client_page.evaluate(
        "() => readyAt - performance.getEntriesByType('resource').find((e) => e.name.includes('places.json')).responseEnd"
    )
    assert client_page.evaluate("() => drawn.marks.size") == count
    assert drawing < SECONDS * 1000
    assert time.monotonic() - begin < SECONDS


def test_pointing_at_a_card_lights_its_mark_and_the_other_way_round(client_page: Page):
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)
    card = client_page.locator("[data-place]").first
    place = card.get_attribute("data-place")
    radius = "(id) => drawn.marks.get(id).getRadius()"

    card.hover()
    assert client_page.evaluate(radius, place) == 13
    expect(client_page.locator(".leaflet-tooltip:not(.outline-name)")).to_have_count(1)

    client_page.locator("h1").hover()
    assert client_page.evaluate(radius, place) == 8

    client_page.mouse.move(*client_page.evaluate(WHERE, place))
    expect(card).to_have_class(re.compile("is-lit"))
    client_page.mouse.click(*client_page.evaluate(WHERE, place))
    assert client_page.evaluate("() => selected") == [place]
    client_page.locator(".leaflet-popup button").click()
    expect(card).to_be_focused()


def test_a_card_shows_its_home_on_the_map_by_keyboard_alone(client_page: Page):
    client_page.emulate_media(reduced_motion="reduce")
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)
    button = client_page.locator("[data-place] [data-show-place]").first
    place = button.get_attribute("data-show-place")
    label = client_page.evaluate("(id) => drawn.marks.get(id).place.label", place)

    button.focus()
    assert client_page.evaluate("(id) => drawn.marks.get(id).getRadius()", place) == 13
    client_page.keyboard.press("Enter")

    popup = client_page.locator(".leaflet-popup")
    expect(popup).to_contain_text(label)
    assert popup.evaluate("(popup) => popup.contains(document.activeElement)")


def test_without_tiles_outlines_are_drawn_and_nobody_else_is_asked(client_page: Page, site: Site):
    asked: list[str] = []
    answered(client_page, lambda told: told.update(places=told["places"][:1]))
    client_page.on("request", lambda request: asked.append(request.url))
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)
    client_page.wait_for_load_state("networkidle")

    assert client_page.locator(".outline-name").count() >= 1
    assert client_page.locator("img.leaflet-tile").count() == 0
    assert {url for url in asked if not url.startswith((site.url, "data:"))} == set()


def test_states_differ_by_shape_and_by_word(client_page: Page):
    answered(client_page, many(12))
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)

    signs = client_page.locator(".legend li polygon").evaluate_all(
        "(all) => all.map((each) => each.getAttribute('points'))"
    )
    assert len(signs) == len(set(signs)) == 6
    assert len({*client_page.locator(".legend li").all_inner_texts()}) == 6


def test_hostile_words_stay_words(client_page: Page):
    harm = "<img src=x onerror=ran(1)>"

    def change(told: dict[str, Any]) -> None:
        many(3)(told)
        for place in told["places"]:
            place["label"] = harm
        told["outlines"] = [
            {"insee_code": "1", "name": harm, "rings": [[[5, 46], [6, 46], [6, 47], [5, 46]]]}
        ]
        told["tiles"] = None

    answered(client_page, change)
    client_page.add_init_script("globalThis.harm = []; globalThis.ran = (n) => harm.push(n)")
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)
    client_page.mouse.move(*client_page.evaluate(WHERE, "home-1"))
    client_page.mouse.click(*client_page.evaluate(WHERE, "home-1"))
    client_page.wait_for_selector(".leaflet-popup")

    assert harm in client_page.locator(".leaflet-popup").inner_text()
    assert client_page.evaluate("() => harm") == []


def test_a_map_that_cannot_be_had_says_so_and_tries_again(client_page: Page):
    client_page.route(re.compile(r"places\.json"), lambda route: route.fulfill(status=503))
    client_page.goto(PATH)
    button = client_page.locator(".map button")
    expect(button).to_have_text("Réessayer")
    client_page.unroute_all()
    button.click()
    client_page.wait_for_selector(READY)


def test_homes_without_a_position_leave_a_sentence(client_page: Page):
    answered(client_page, lambda told: told.update(places=[]))
    client_page.goto(PATH)
    client_page.wait_for_selector(READY)

    expect(client_page.locator(".map-none")).to_be_visible()


@pytest.fixture(scope="module")
def tiled(postgres_server: Postgres) -> Generator[Site]:
    """A gateway that has a tile server."""
    with serving(
        postgres_server,
        MAP_TILES_URL="https://tiles.example/{z}/{x}/{y}.png",
        MAP_TILES_ATTRIBUTION="© <b>Tiles</b>",
    ) as started:
        yield started


def test_with_tiles_their_origin_is_asked_and_no_other(open_page: Open, tiled: Site):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(re.compile(r"^https://"), lambda route: route.abort())
    page.goto(f"{tiled.url}/console/sign-in")
    page.locator("input[type=password]").fill(ADMIN_KEY)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    page.goto(tiled.url + PATH)
    page.wait_for_selector(READY)
    page.wait_for_selector("img.leaflet-tile", state="attached")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((e) => e.name.includes('tiles'))"
    )

    elsewhere = [url for url in asked if not url.startswith((tiled.url, "data:"))]
    assert elsewhere
    assert all(re.fullmatch(r"https://tiles\.example/\d+/\d+/\d+\.png", url) for url in elsewhere)
    assert page.locator(".leaflet-control-attribution").inner_text() == "© <b>Tiles</b>"
    assert page.locator(".outline-name").count() == 0
    assert json.loads(page.request.get(f"{tiled.url}{PATH}/places.json").text())["outlines"]
