"""A mail in the console: seen as its reader sees it, whoever wrote it and whatever it wants."""

import re
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Frame, Page, Request

from tests.browser.conftest import Open
from tests.browser.looking import Diary
from tests.browser.serving import Site
from tests.browser.world import HOSTILE_BODY, named

pytestmark = pytest.mark.browser

ORDINARY = f"/console/mails/{named('mail notification sent')}"
HARM = f"""{HOSTILE_BODY}<base target="_top">
<script src="/assets/console.js"></script><svg onload="ran(81)"></svg>
<object data="https://evil.example/object"></object><embed src="https://evil.example/embed">
<video src="https://evil.example/film" poster="https://evil.example/poster"></video>
<style>@font-face {{ font-family: x; src: url(https://evil.example/font) }} p {{ font-family: x }}</style>
<a id="top" target="_top" href="https://evil.example/top">top</a>
<a id="ours" target="_top" href="/console/keys">ours</a>
<a id="blank" target="_blank" href="https://evil.example/blank">blank</a>
<a id="here" target="_self" href="https://evil.example/here">here</a>
<a id="script" target="_self" href="javascript:ran(82)">script</a>
<form id="sent" action="/console/sign-out" method="post"><button>Go</button></form>
<details open ontoggle="alert(83)"><summary>more</summary></details><p onclick="ran(84)">text</p>"""

PRESSED = ("#top", "#ours", "#blank", "#here", "#script", "#sent button", "summary", "p")


@pytest.fixture
def hostile(site: Site) -> Generator[str]:
    """The page of a mail that would harm whoever looks at it."""
    mail_id = uuid4()
    site.execute(
        """insert into notifier.mail (id, kind, subject_id, message_id, state, version, give_up_at)
           values ($1::uuid, 'test', $1, $1::uuid::text, 'sent', 1, public.clock())""",
        mail_id,
    )
    site.execute(
        """insert into notifier.mail_content (mail_id, recipient, subject, headers, text_body, html_body)
           values ($1, 'x@evil.example', 'Prize', '{}', 'x', $2)""",
        mail_id, HARM,
    )  # fmt: skip
    yield f"/console/mails/{mail_id}"
    _forget(site, mail_id)


def _forget(site: Site, mail_id: UUID) -> None:
    site.execute("delete from notifier.mail_content where mail_id = $1", mail_id)
    site.execute("delete from notifier.mail where id = $1", mail_id)


def framed(page: Page) -> Frame:
    """The frame with the mail, once it is there."""
    page.locator("iframe.letter").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('iframe.letter') !== null")
    for _ in range(100):
        for frame in page.frames[1:]:
            if urlsplit(frame.url).path.endswith("/body"):
                frame.wait_for_load_state()
                return frame
        page.wait_for_timeout(100)
    raise AssertionError([frame.url for frame in page.frames])


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_a_hostile_mail_does_nothing_when_it_is_looked_at(
    operator_page: Open, site: Site, hostile: str, look: str
) -> None:
    page = operator_page()
    diary = Diary(page, site.url)
    page.goto(f"{hostile}?look={look}")
    frame = framed(page)
    page.wait_for_timeout(500)

    assert (page.url, frame.url) == (
        f"{site.url}{hostile}?look={look}",
        f"{site.url}{hostile}/body?look={look}",
    )
    assert (diary.left, diary.asked) == ([], [])
    assert page.evaluate("globalThis.harm ?? []") == []
    assert frame.evaluate("globalThis.harm ?? []") == []
    assert page.evaluate("refused") == [], "the page itself asked for nothing forbidden"


@pytest.mark.parametrize("pressed", PRESSED)
def test_whatever_is_pressed_in_a_hostile_mail_leads_nowhere(
    operator_page: Open, site: Site, hostile: str, pressed: str
) -> None:
    page = operator_page()
    diary = Diary(page, site.url)
    opened: list[Page] = []
    page.goto(hostile)
    frame = framed(page)
    asked: list[Request] = []
    page.context.on("page", lambda other: opened.append(other))  # noqa: PLW0108 - it marks what it is given
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - likewise

    frame.locator(pressed).click(no_wait_after=True)
    page.wait_for_timeout(500)

    assert (page.url, opened) == (f"{site.url}{hostile}", [])
    assert [each.url for each in asked if each.url.startswith(site.url)] == []
    assert (diary.left, diary.asked) == ([], [])
    assert page.evaluate("globalThis.harm ?? []") == []


def test_a_hostile_mail_opened_by_itself_is_as_harmless(
    operator_page: Open, site: Site, hostile: str
) -> None:
    page = operator_page()
    diary = Diary(page, site.url)
    page.goto(f"{hostile}/body")
    page.wait_for_timeout(500)

    assert (diary.left, diary.asked) == ([], [])
    assert page.evaluate("globalThis.harm ?? []") == []
    assert page.url == f"{site.url}{hostile}/body"


def test_a_foreign_page_cannot_frame_a_mail(operator_page: Open, site: Site) -> None:
    answer = operator_page().goto(f"{ORDINARY}/body")

    assert answer
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_looks_change_what_is_seen_whatever_the_operators_theme(
    operator_page: Open, theme: Any
) -> None:
    page = operator_page(color_scheme=theme)
    seen: dict[str, bytes] = {}
    grounds: dict[str, str] = {}
    widths: dict[str, float] = {}
    for look in ("light", "dark", "phone"):
        page.goto(ORDINARY)
        page.get_by_role(
            "link", name=re.compile({"light": "clair", "dark": "sombre"}.get(look, "360"))
        ).click()
        frame = framed(page)
        card = frame.locator("table.card")
        grounds[look] = card.evaluate("card => getComputedStyle(card).backgroundColor")
        widths[look] = frame.evaluate("innerWidth")
        seen[look] = page.locator("iframe.letter").screenshot()

    assert grounds == {
        "light": "rgb(255, 255, 255)", "dark": "rgb(33, 30, 48)", "phone": "rgb(255, 255, 255)",
    }  # fmt: skip
    assert widths["light"] == widths["dark"] > 600
    assert 340 <= widths["phone"] <= 360
    assert len(set(seen.values())) == 3


def test_a_doubt_is_settled_without_javascript(operator_page: Open, site: Site) -> None:
    mail_id = uuid4()
    site.execute(
        """insert into notifier.mail (id, kind, subject_id, message_id, state, version, give_up_at)
           values ($1::uuid, 'test', $1, $1::uuid::text, 'unknown', 1, public.clock())""",
        mail_id,
    )
    page = operator_page(java_script_enabled=False)
    page.goto(f"/console/mails/{mail_id}")
    page.get_by_text("Il est arrivé", exact=True).first.click()
    page.get_by_role("button", name="Il est arrivé").click()

    assert "tenu pour envoyé" in page.locator(".flash").inner_text()
    [row] = site.execute("select state from notifier.mail where id = $1", mail_id)
    assert row["state"] == "sent"
