"""The gates that every mail passes, in each of its languages, before anybody receives it."""

import re
from itertools import pairwise
from typing import Any

import pytest

from services.notifier.domain.mail import Letter
from tests.notifier.drafts import JOB, draft, home
from tests.notifier.letters import (
    CLIENT_KINDS,
    HOSTILE,
    KINDS,
    LANGUAGES,
    MAILS,
    Page,
    bare,
    content,
    hostile,
    letter,
    parsed,
    sentences,
)
from tests.notifier.stage import COMPOSER

of_every_mail = pytest.mark.parametrize("kind, locale", MAILS)
ESTIMATED = {
    "printed_address": "12 bis rue de la République, 01000 Bourg-en-Bresse",
    "estimate_eur": 275_000, "estimate_low_eur": 250_000, "estimate_high_eur": 300_000,
    "estimate_basis": "commune", "estimate_comparables": 42,
}  # fmt: skip


def full(kind: str, locale: str) -> Letter:
    """The mail with everything that it can tell."""
    return letter(kind, locale, homes=[home(n, **ESTIMATED) for n in range(1, 61)])


@of_every_mail
@pytest.mark.parametrize("name", ["Al", "Marie-Antoinette-Joséphine"])
def test_1_a_subject_has_20_to_70_characters_and_of_a_person_the_first_name_only(
    kind: str, locale: str, name: str
):
    subject = letter(kind, locale, first_name=name).subject

    assert 20 <= len(subject) <= 70
    assert "Martin" not in subject
    assert "@" not in subject


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("month", range(1, 13))
def test_1_a_notice_of_any_day_fits_too(locale: str, month: int):
    detail = {"delivery_on": f"2027-{month:02}-28"}
    subject = letter("monthly", locale, first_name="M" * 40, detail=detail).subject

    assert len(subject) <= 70


@of_every_mail
def test_2_the_preheader_has_40_to_110_characters_that_the_body_does_not_say(
    kind: str, locale: str
):
    page = Page(letter(kind, locale).html_body)

    assert 40 <= len(page.preheader) <= 110
    assert bare(page.preheader) not in bare(page.text)
    assert not set(sentences(page.preheader)) & set(sentences(page.text))


@of_every_mail
def test_3_the_text_part_says_what_the_page_says_in_its_order_with_every_link(
    kind: str, locale: str
):
    made = full(kind, locale)
    page, text = Page(made.html_body), content(made, "plain")
    said, told = sentences(page.text), bare(text)

    missing = [sentence for sentence in said if sentence not in told]
    assert len(missing) <= len(said) * 0.2, missing
    assert [link for link in page.links if link not in text] == []
    found = [told.index(sentence) for sentence in dict.fromkeys(said) if sentence in told]
    ordered = sum(first <= second for first, second in pairwise(found))
    assert ordered >= 0.7 * (len(found) - 1)


@of_every_mail
def test_4_5_a_page_loads_nothing_and_runs_nothing(kind: str, locale: str):
    page = Page(full(kind, locale).html_body)

    forbidden = {"script", "form", "link", "iframe", "img", "button", "input", "object", "video"}
    assert not forbidden & {tag for tag, _ in page.tags}
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    assert not re.search(r"@import|@font-face|url\(", full(kind, locale).html_body)
    assert [link for link in page.links if not link.startswith("https://trackimmo.test/")] == []


@of_every_mail
def test_6_the_dark_mode_survives_inlining(kind: str, locale: str):
    page = letter(kind, locale).html_body

    assert '<meta name="color-scheme" content="light dark">' in page
    assert '<meta name="supported-color-schemes" content="light dark">' in page
    dark = page.partition("@media (prefers-color-scheme: dark)")[2]
    for selector in ("body", ".card", ".content", ".foot"):
        assert re.search(rf"{re.escape(selector)}[^{{}}]*{{[^}}]*!important", dark)


@of_every_mail
def test_7_a_page_is_small_enough_not_to_be_cut(kind: str, locale: str):
    assert len(full(kind, locale).html_body.encode()) <= 102_000


@of_every_mail
def test_every_page_keeps_to_the_house_look(kind: str, locale: str):
    page = letter(kind, locale).html_body

    assert f'<html lang="{locale}"' in page
    assert 'name="viewport"' in page
    assert "@media (max-width: 620px)" in page
    for look in ("#6c63ff", "#8b84ff", "600px"):
        assert look in page
    tags = Page(page).tags
    assert all(given.get("role") == "presentation" for tag, given in tags if tag == "table")
    assert sum(tag == "h1" for tag, _ in tags) == 1
    sizes = re.findall(r"font-size: ?(\d+)px", page)
    assert min(map(int, sizes)) >= 14


@of_every_mail
def test_10_hostile_facts_are_text(kind: str, locale: str):
    made = hostile(kind, locale)
    message, page = parsed(made), Page(made.html_body)

    assert message["Bcc"] is None
    assert not message.defects
    assert not {"img", "script"} & {tag for tag, _ in page.tags}
    for shown in (made.subject, made.text_body, made.html_body):
        assert not re.search("[\x00\u202e\u2028]", shown)
        assert not re.search(r"\b49\b", shown)
        assert "None" not in shown
    if kind != "config":
        assert "<img src=x onerror=alert(1)>" in page.text
        assert "🏠" in page.text
        assert "שלום" in page.text
        assert "{{7*7}}" in page.text
    if made.subject.endswith("<img src=x onerror=alert("):
        assert len(made.subject) <= 70


@pytest.mark.parametrize("locale", LANGUAGES)
def test_10_the_long_name_of_a_subject_is_cut_where_no_character_breaks(locale: str):
    family = "👩\u200d👩\u200d👧 " * 10
    subject = parsed(letter("welcome", locale, first_name=family))["Subject"]

    assert len(subject) <= 70
    assert not subject.endswith("\u200d")


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("kind", CLIENT_KINDS)
def test_11_client_mails_can_be_unsubscribed_with_one_click(kind: str, locale: str):
    made = letter(kind, locale)
    message, page = parsed(made), Page(made.html_body)

    web, by_mail = (part.strip() for part in message["List-Unsubscribe"].split(","))
    assert re.fullmatch(r"<https://trackimmo\.test/u/[A-Za-z0-9_-]{48}>", web)
    assert by_mail == "<mailto:bonjour@trackimmo.test?subject=unsubscribe>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert web.strip("<>") in page.links
    assert message["List-Id"] == "TrackImmo <adresses.trackimmo.test>"
    assert message["Feedback-ID"] == f"2026-11:{kind}:trackimmo.test:trackimmo"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in CLIENT_KINDS])
def test_11_those_who_run_the_service_cannot_unsubscribe_from_it(kind: str):
    message = parsed(letter(kind, "fr"))

    assert [name for name in message if name.startswith("List-")] == []
    assert message["Feedback-ID"] is None


@of_every_mail
def test_12_a_mail_written_twice_is_the_same(kind: str, locale: str):
    first, second = letter(kind, locale), letter(kind, locale)

    dates = {"Date": ""}
    assert first.headers["Message-ID"] == second.headers["Message-ID"]
    assert {**first.headers, **dates} == {**second.headers, **dates}
    assert (first.text_body, first.html_body) == (second.text_body, second.html_body)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_notification_leads_to_the_clients_page(locale: str):
    made = letter("notification", locale)
    [page] = [link for link in Page(made.html_body).links if "/c/" in link]

    assert re.fullmatch(r"https://trackimmo\.test/c/[A-Za-z0-9_-]{48}", page)
    assert page in made.text_body


def test_hostile_facts_do_not_break_the_file_either():
    homes: list[Any] = [home(n, address=HOSTILE, price_eur=None) for n in range(1, 60)]
    [attached] = parsed(COMPOSER(draft("notification", homes=homes))).iter_attachments()

    assert "None" not in str(attached.get_content())
    assert str(JOB) not in str(attached)
