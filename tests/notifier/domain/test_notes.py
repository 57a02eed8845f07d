"""What other services say reaches operators in one language."""

import re

import pytest

from services.assigner.domain.choice import KINDS, Ages, tried
from services.notifier.domain.notes import KINDS as KNOWN_KINDS
from services.notifier.domain.notes import NO_BREAK, advice, told
from tests.notifier.drafts import TODAY

SENTENCES = {
    "No source has 2019 for 01053, 64260.": (
        "Aucune source n’a l’année 2019 pour 01053, 64260.",
        "No source has 2019 for 01053, 64260.",
    ),
    "Client 0192b7a0 not found or inactive": (
        "Le client 0192b7a0 est introuvable ou inactif.",
        "Client 0192b7a0 is not found, or inactive.",
    ),
    "2A004: 2019: geo-dvf: https://x.test/a.csv does not answer (ConnectError) (also 2020, 2021)": (
        "2A004 : 2019 : https://x.test/a.csv ne répond pas (ConnectError) (aussi 2020, 2021)",
        "2A004: 2019: https://x.test/a.csv does not answer (ConnectError) (also 2020, 2021)",
    ),
    "57463: Les ventes de la Moselle, du Bas-Rhin et du Haut-Rhin sont inscrites au livre foncier :"
    " l'État ne les publie pas.": (
        (
            "57463 : Les ventes de la Moselle, du Bas-Rhin et du Haut-Rhin sont inscrites au livre foncier :"
            " l’État ne les publie pas."
        ),
        (
            "57463: Sales of the Moselle, Bas-Rhin and Haut-Rhin stand in the land register of"
            " Alsace-Moselle: the state does not publish them."
        ),
    ),
    "No city is chosen.; No kind of property is chosen.": (
        "Aucune ville n’est choisie. ; Aucun type de bien n’est choisi.",
        "No city is chosen.; No kind of property is chosen.",
    ),
}


@pytest.mark.parametrize("note", SENTENCES)
def test_a_known_sentence_is_told_in_the_language_of_the_mail(note: str):
    french, english = SENTENCES[note]

    assert told("fr", note).replace(NO_BREAK, " ") == french
    assert told("en", note) == english


@pytest.mark.parametrize(
    "locale, marked", [("fr", "message technique"), ("en", "technical message")]
)
def test_whatever_else_is_said_is_called_a_technical_message(locale: str, marked: str):
    for note in ("KeyError: 'x'", "{0} {boom}", "", "01053: something else"):
        assert told(locale, note).startswith(marked)
        assert note in told(locale, note)


def test_what_the_assigner_says_of_a_choice_is_known_in_both_languages():
    assert set(KNOWN_KINDS) == set(KINDS.values())
    for note in tried(TODAY, Ages(least=6, most=8), ["01053", "2A004"], list(KINDS), []):
        assert "technical" not in told("en", note)
        assert told("fr", note).replace(NO_BREAK, " ") == note
        assert not re.search("[éèà]|ans|Biens|Ventes", told("en", note))


@pytest.mark.parametrize(
    "reason, words",
    [
        ("RCPT: 550 5.1.1 <…>: no such user", "demandez-en une autre au client"),
        ("RCPT: 550 unknown", "demandez-en une autre au client"),
        ("DATA: 552 5.3.4 too large", "trop lourd"),
        ("DATA: 554 5.7.1 spam", "SPF, DKIM, DMARC"),
        ("RCPT: 550 5.7.1 blocked", "SPF, DKIM, DMARC"),
    ],
)
def test_a_refused_mail_comes_with_what_to_do(reason: str, words: str):
    assert words in advice("fr", "mail", reason)
    assert advice("en", "mail", reason)
    assert advice("fr", "scrape", reason) == ""


def test_of_other_ends_nothing_better_is_known():
    assert advice("fr", "mail", "RCPT: 451 greylisted") == ""
    assert advice("fr", "mail", "no mail in it") == ""
