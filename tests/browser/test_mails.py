"""Mails as a browser shows them: readable for everybody, light and dark, on any screen."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.looking import AXE
from tests.notifier.drafts import home
from tests.notifier.letters import MAILS, hostile, letter

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (320, 600, 900)
CARD: Final = {"light": "rgb(255, 255, 255)", "dark": "rgb(33, 30, 48)"}

of_every_mail = pytest.mark.parametrize("kind, locale", MAILS)


def homes() -> list[Any]:
    """A delivery as it comes: some with an estimate, land, one that only its sale is known of."""
    estimate = {
        "estimate_eur": 275_000, "estimate_low_eur": 250_000, "estimate_high_eur": 300_000,
        "estimate_basis": "commune", "estimate_comparables": 42,
    }  # fmt: skip
    return [
        home(1, printed_address="12 bis rue de la République, 01000 Bourg-en-Bresse",
             price_eur=234_500, land_m2=430.0, **estimate),
        home(2, printed_address="3 place de l’Hôtel-de-Ville, 01000 Bourg-en-Bresse",
             kind="apartment", surface_m2=41.0, rooms=1, price_eur=98_000,
             **{**estimate, "estimate_eur": 117_000, "estimate_low_eur": 104_000,
                "estimate_high_eur": 131_000, "estimate_basis": "department"}),
        home(3, printed_address="Lieu-dit Les Grandes Vignes-de-la-Chapelle, 01250 Montagnat",
             kind="land", surface_m2=None, rooms=None, land_m2=1_240.0, price_eur=61_000),
    ]  # fmt: skip


@pytest.fixture(scope="module", params=SCHEMES)
def themed(browser: Browser, request: pytest.FixtureRequest) -> Generator[BrowserContext]:
    """A reader's program with light or dark colours, which loads nothing from anywhere."""
    context = browser.new_context(color_scheme=request.param)
    context.route(re.compile("^https?://"), lambda route: route.abort())
    yield context
    context.close()


def shown(context: BrowserContext, content: str, *, width: int) -> Page:
    opened = context.new_page()
    opened.set_viewport_size({"width": width, "height": 900})
    opened.set_content(content)
    return opened


@of_every_mail
def test_everybody_can_read_it_on_any_screen(
    themed: BrowserContext,
    request: pytest.FixtureRequest,
    screenshots: Path,
    kind: str,
    locale: str,
):
    scheme = request.node.callspec.params["themed"]
    opened = shown(themed, letter(kind, locale, homes=homes()).html_body, width=600)
    card = opened.locator("table.card")

    found = Axe().run(opened, options=AXE).response
    assert [(problem["id"], problem["nodes"]) for problem in found["violations"]] == []
    assert len(found["passes"]) > 10
    assert card.evaluate("card => getComputedStyle(card).backgroundColor") == CARD[scheme]
    for width in WIDTHS:
        opened.set_viewport_size({"width": width, "height": 900})
        if width < max(WIDTHS):
            picture = screenshots / f"{kind}-{locale}-{scheme}-{width}.png"
            opened.screenshot(path=picture, full_page=True)
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        box = card.bounding_box()
        assert box
        assert box["width"] == min(width, 600) or (width == 600 and box["width"] >= 560)
    opened.close()


@pytest.fixture(scope="module")
def light(browser: Browser) -> Generator[BrowserContext]:
    context = browser.new_context(color_scheme="light")
    context.route(re.compile("^https?://"), lambda route: route.abort())
    yield context
    context.close()


@of_every_mail
def test_hostile_facts_run_nothing_and_widen_nothing(light: BrowserContext, kind: str, locale: str):
    ran: list[str] = []
    opened = light.new_page()
    opened.set_viewport_size({"width": 320, "height": 900})
    opened.on("dialog", lambda dialog: ran.append(dialog.message))
    opened.set_content(hostile(kind, locale).html_body)
    opened.wait_for_timeout(50)
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    assert ran == []
    opened.close()


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_what_is_to_be_pressed_is_large_enough_for_a_thumb(light: BrowserContext, locale: str):
    opened = shown(light, letter("notification", locale).html_body, width=320)
    box = opened.locator("a.go").bounding_box()
    opened.close()

    assert box
    assert box["height"] >= 44
