"""Styles are in the tags of a mail as if its finished page had been inlined."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import css_inline
import pytest
from jinja2 import FileSystemLoader

from services.notifier.mailer import rendering
from services.notifier.mailer.inlining import LAYOUT, inlined
from tests.notifier.letters import MAILS, hostile, letter

AFTERWARDS = css_inline.CSSInliner(
    keep_at_rules=True, minify_css=True, load_remote_stylesheets=False
)


def without_caches() -> None:
    rendering._environment.cache_clear()
    rendering._templates.cache_clear()


class Pieces(HTMLParser):
    """A page as its tags and words: how they are spelt does not matter."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if words := re.sub(r"\s", "", data):
            self.found.append(words)


def same(page: str) -> list[Any]:
    return Pieces(page).found


@pytest.mark.parametrize("kind, locale", MAILS)
@pytest.mark.parametrize("homes", [1, 3, 60])
def test_a_page_is_what_inlining_it_at_the_end_would_make(
    monkeypatch: pytest.MonkeyPatch, kind: str, locale: str, homes: int
):
    ours = [letter(kind, locale, homes=homes).html_body, hostile(kind, locale).html_body]
    monkeypatch.setattr(rendering, "InliningLoader", FileSystemLoader)
    without_caches()
    try:
        plain = [letter(kind, locale, homes=homes).html_body, hostile(kind, locale).html_body]
    finally:
        monkeypatch.undo()
        without_caches()

    assert "<table" in plain[0]
    assert [same(page) for page in ours] == [same(AFTERWARDS.inline(page)) for page in plain]


def test_statements_stay_where_they_are(tmp_path: Path):
    (tmp_path / "_base").mkdir()
    (tmp_path / LAYOUT).write_text("<style>td { color: red; }</style>")
    row = '<tr><td title="{{ a }}">{{ a|f("<") }}</td></tr>'
    source = f"<table><tbody>{{% for a in b %}}{row}{{% endfor %}}</tbody></table>"

    made = inlined(source, "part.html", tmp_path)

    assert made == source.replace('{{ a }}"', '{{ a }}" style="color:red"')
