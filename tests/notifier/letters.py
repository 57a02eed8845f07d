"""Mails as their readers get them: six kinds in two languages, and what stands in them."""

import re
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec

from services.notifier.domain.mail import Draft, Letter
from tests.notifier.drafts import draft, home
from tests.notifier.stage import COMPOSER

KINDS = ("notification", "monthly", "welcome", "insufficient", "error", "config")
CLIENT_KINDS = KINDS[:3]
LANGUAGES = ("fr", "en")
MAILS = [(kind, locale) for kind in KINDS for locale in LANGUAGES]

ENGLISH = msgspec.structs.replace(COMPOSER, alert_locale="en")
HOSTILE = (
    "<img src=x onerror=alert(1)> \u202e=cmd|' 🏠 שלום\r\nBcc: a@b.c\x00\u2028{{7*7}} " + "é" * 500
)


def draft_of(kind: str, locale: str, **changes: Any) -> Draft:
    """The draft of any of the six; the one about the settings goes by the kind `test`."""
    if kind != "config":
        return draft(kind, locale=locale, **changes)  # pyright: ignore[reportArgumentType]
    changes["detail"] = {"template_type": "config", "recipient": "ops@trackimmo.test"}
    return draft("test", locale=locale, **changes)


def letter(kind: str, locale: str, **changes: Any) -> Letter:
    """The mail, in the language of the client or of those who run the service."""
    return written(draft_of(kind, locale, **changes), locale)


def written(made: Draft, locale: str) -> Letter:
    return (ENGLISH if locale == "en" else COMPOSER)(made)


def hostile(kind: str, locale: str) -> Letter:
    """The mail of whoever would like to write more into it than words."""
    facts = {
        "delivery_on": date(2026, 12, 1).isoformat(), "requested": 1, "found": 0, "cities": [],
        "tried": [HOSTILE], "attempts": 1, "step": "mail", "reason": HOSTILE,
    }  # fmt: skip
    homes = [
        home(1, address=HOSTILE, city_name=HOSTILE, source=HOSTILE, price_eur=None),
        home(2, printed_address=HOSTILE, kind=HOSTILE, surface_m2=None, rooms=None, price_eur=None),
    ]
    made = draft_of(
        kind, locale, first_name=HOSTILE, last_name=HOSTILE, company_name=HOSTILE,
        subscription_type=HOSTILE, homes=homes, detail=facts,
    )  # fmt: skip
    return written(msgspec.structs.replace(made, places=[HOSTILE]), locale)


def parsed(made: Letter) -> EmailMessage:
    return message_from_bytes(made.raw, policy=policy.default)


def content(made: Letter, subtype: str) -> str:
    part = parsed(made).get_body((subtype,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


class Page(HTMLParser):
    """A page as a reader takes it: its tags, its links, the text of its body, its preheader."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.links: list[str] = []
        self.text = self.preheader = ""
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a":
            self.links.append(given["href"])
        if tag in {"style", "title"}:
            self._within.append(tag)
        if given.get("class") == "preheader":
            self._within.append("preheader")
        if tag in {"p", "h1", "h2", "li", "td", "br", "tr", "div"}:
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        ends = {"style": "style", "title": "title", "div": "preheader"}
        if self._within and ends.get(tag) == self._within[-1]:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.text += data
        elif self._within[-1] == "preheader":
            self.preheader += data


def sentences(text: str) -> list[str]:
    """What is said, piece by piece, without the blanks and signs between."""
    pieces = re.split(r"[\n·]|(?<=[.!?])\s", unescape(text))
    return [said for piece in pieces if len(said := _bare(piece)) > 1]


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def bare(text: str) -> str:
    """All of it as one line of words, in which sentences are looked for."""
    return " ".join(_bare(text).split())
