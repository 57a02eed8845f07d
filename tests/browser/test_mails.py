"""Mails as a browser shows them: readable for everybody, light and dark, on any screen."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.notifier.drafts import home
from tests.notifier.letters import MAILS, hostile, letter

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (320, 600, 900)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

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


@contextmanager
def shown(browser: Browser, page: str, *, width: int, scheme: Scheme) -> Generator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True
    )
    context.route(re.compile("^https?://"), lambda route: route.abort())
    opened = context.new_page()
    opened.set_content(page)
    yield opened
    context.close()


@of_every_mail
@pytest.mark.parametrize("scheme", SCHEMES)
def test_everybody_can_read_it(browser: Browser, kind: str, locale: str, scheme: Scheme):
    page = letter(kind, locale, homes=homes()).html_body
    with shown(browser, page, width=600, scheme=scheme) as opened:
        found = Axe().run(opened, options={"runOnly": LEVELS})

    problems = [
        (problem["id"], node["html"][:120], node.get("failureSummary", "")[:300])
        for problem in found.response["violations"]
        for node in problem["nodes"]
    ]
    assert problems == []
    assert len(found.response["passes"]) > 10


@of_every_mail
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_every_screen(
    browser: Browser, screenshots: Path, kind: str, locale: str, scheme: Scheme
):
    page = letter(kind, locale, homes=homes()).html_body
    for width in WIDTHS:
        with shown(browser, page, width=width, scheme=scheme) as opened:
            file = screenshots / f"{kind}-{locale}-{scheme}-{width}.png"
            opened.screenshot(path=file, full_page=True)
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            card = opened.locator("table.card").bounding_box()
            assert card
            assert card["width"] == min(width, 600) or (width == 600 and card["width"] >= 560)


@of_every_mail
def test_hostile_facts_run_nothing_and_widen_nothing(browser: Browser, kind: str, locale: str):
    with shown(browser, hostile(kind, locale).html_body, width=320, scheme="light") as opened:
        ran: list[str] = []
        opened.on("dialog", lambda dialog: ran.append(dialog.message))
        opened.wait_for_timeout(50)
        assert opened.evaluate("document.documentElement.scrollWidth") <= 320
        assert ran == []


@of_every_mail
@pytest.mark.parametrize("scheme", SCHEMES)
def test_light_and_dark_differ(browser: Browser, kind: str, locale: str, scheme: Scheme):
    page = letter(kind, locale).html_body
    with shown(browser, page, width=600, scheme=scheme) as opened:
        card = opened.locator("table.card")
        background = card.evaluate("card => getComputedStyle(card).backgroundColor")

    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(33, 30, 48)"}[scheme]


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_what_is_to_be_pressed_is_large_enough_for_a_thumb(browser: Browser, locale: str):
    page = letter("notification", locale).html_body
    with shown(browser, page, width=320, scheme="light") as opened:
        box = opened.locator("a.go").bounding_box()

    assert box
    assert box["height"] >= 44
