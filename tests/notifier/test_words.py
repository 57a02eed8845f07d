"""French as its readers expect it printed, and paragraphs that stand apart."""

import re
from html import unescape
from typing import Any, Final

import pytest

from tests.notifier.drafts import draft
from tests.notifier.letters import KINDS, letter
from tests.notifier.stage import COMPOSER

NOT_SHOWN: Final = re.compile(
    r"<(?P<tag>style|title)\b.*?</(?P=tag)>|<[^>]*>|https?://\S*", re.DOTALL
)


@pytest.mark.parametrize("homes", [1, 3, 60])
@pytest.mark.parametrize("kind", KINDS)
def test_french_has_its_own_apostrophe_and_spaces(kind: Any, homes: int):
    made = letter(kind, "fr", homes=homes)

    for written in (made.text_body, unescape(NOT_SHOWN.sub("", made.html_body))):
        shown = NOT_SHOWN.sub("", written)
        assert not re.search(r"\w'\w", shown)
        assert not re.search(r"\S [:;!?»]", shown)
        assert not re.search(r"\w[:;!?]", shown)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_rights_of_people_and_the_reason_of_the_mail_are_two_paragraphs(locale: str):
    text = COMPOSER(draft("notification", locale=locale)).text_body

    *_, why, _ = text.strip().split("\n\n")
    assert why.startswith(("Vous recevez ce message", "You are receiving this message"))


def test_a_word_without_end_does_not_widen_the_page():
    page = COMPOSER(draft("notification", first_name="W" * 100)).html_body
    assert re.search(r'class="content" style="[^"]*overflow-wrap: ?anywhere', page)
