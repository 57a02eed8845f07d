"""Pictures of every page for docs/screenshots: `make screenshots`.

They are of the furnished world, so that nobody's clients are in them and each run shows the same.
"""

import asyncio
import io
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from deploy import topics
from tests.browser.conftest import launched, signed_in
from tests.browser.pages import PAGES, Route
from tests.browser.serving import Site, serving, wait
from tests.support.bus import running_bus
from tests.support.database import migrated_server
from tests.support.scratch import scratch_folder

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COLOURS: Final = 64
"""Enough for flat pages; an eighth of the size."""
MAP_MILLISECONDS: Final = 400

WELL: Final = """
    with pulse as (
      update {service}.pulse set beat_at = public.clock() + interval '1 hour', stuck_since = null
    )
    update {service}.outbox set published_at = created_at
"""
"""A service that runs, which is what there is to see most of the time."""


class Manner(msgspec.Struct, frozen=True):
    """How a page is looked at; what is lower than the picture is left out."""

    name: str
    width: int
    highest: int
    theme: Any


MANNERS: Final = (
    Manner("light", 1200, 1100, "light"),
    Manner("dark", 1200, 1100, "dark"),
    Manner("phone", 360, 1300, "light"),
)


def picture(route: Route, manner: Manner) -> Path:
    """Where it stands."""
    return FOLDER / f"{route.name}-{manner.name}.png"


def main() -> None:
    """Make them all anew."""
    with (
        scratch_folder() as folder,
        migrated_server(folder / "server") as server,
        running_bus() as bus,
    ):
        asyncio.run(topics.create(bus.bootstrap_servers))
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap_servers, "KAFKA_IDEMPOTENCE": "false"}
        with serving(server, **kafka) as site, sync_playwright() as playwright:
            for service in ("scraper", "assigner", "notifier", "scheduler"):
                wait(site.loop, site.database.connect(service))  # as if it were running
                site.execute(WELL.format(service=service))
            _make(launched(playwright), site)


def _make(browser: Browser, site: Site) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    cookies: Any = signed_in(browser, site).get("cookies", [])
    for manner in MANNERS:
        size: Any = {"width": manner.width, "height": 740}
        context = browser.new_context(
            base_url=site.url, viewport=size, color_scheme=manner.theme, locale="fr-FR"
        )
        # Last the pages of who is signed in: none of the others is to know.
        for route in sorted(PAGES, key=lambda route: route.is_for_operators):
            if route.is_for_operators:
                context.add_cookies(cookies)
            page = context.new_page()
            page.goto(route.addresses(site.world)[0])
            page.wait_for_timeout(MAP_MILLISECONDS if page.locator(".map, .plot").count() else 0)
            picture(route, manner).write_bytes(_taken(page, manner))
            page.close()
        context.close()


def _taken(page: Page, manner: Manner) -> bytes:
    height = min(manner.highest, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": manner.width, "height": height})
    small = io.BytesIO()
    whole = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    whole.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
