"""What people read."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import jinja2
import pytest

from libs.common.errors import PermanentError
from services.notifier.domain.mail import Draft, Letter
from services.notifier.mailer.rendering import render
from tests.notifier.drafts import draft, home
from tests.notifier.letters import MAILS, content, draft_of, letter, parsed, written
from tests.notifier.stage import COMPOSER


@pytest.mark.parametrize(
    "made, subject",
    [
        (draft("notification"), "TrackImmo : 3 nouvelles adresses pour vous (novembre)"),
        (draft("notification", homes=1), "TrackImmo : 1 nouvelle adresse pour vous (novembre)"),
        (draft("notification", locale="en"), "TrackImmo: 3 new addresses for you (November)"),
        (
            draft("notification", homes=1, locale="en"),
            "TrackImmo: 1 new address for you (November)",
        ),
        (draft("monthly"), "TrackImmo : vos adresses arrivent demain, Hélène"),
        (
            draft("monthly", detail={"delivery_on": "2027-02-28"}),
            "TrackImmo : vos adresses le 28 février, Hélène",
        ),
        (draft("monthly", locale="en"), "TrackImmo: your addresses arrive tomorrow, Hélène"),
        (draft("welcome"), "Bienvenue chez TrackImmo, Hélène"),
        (
            draft("welcome", first_name="Marie-Antoinette-Joséphine"),
            "Bienvenue chez TrackImmo, Marie-Antoinette-Joséphin",
        ),
        (draft("welcome", locale="en"), "Welcome to TrackImmo, Hélène"),
        (draft("insufficient"), "[TrackImmo] Adresses insuffisantes : 3/10"),
        (draft("error"), "[TrackImmo] Traitement en échec après 4 tentatives"),
        (draft_of("config", "fr"), "[TrackImmo] Test SMTP"),
    ],
)
def test_subject(made: Draft, subject: str):
    letter = COMPOSER(made)
    assert letter.subject == subject
    assert parsed(letter)["Subject"] == subject


def test_recipients():
    assert parsed(COMPOSER(draft("welcome")))["To"] == "Hélène Martin <helene@agence.test>"
    assert parsed(COMPOSER(draft("error")))["To"] == "cto@trackimmo.test"
    assert COMPOSER(draft("insufficient")).recipient == "cto@trackimmo.test"
    assert parsed(COMPOSER(draft("error")))["From"] == "TrackImmo <bonjour@trackimmo.test>"


@pytest.mark.parametrize("kind, locale", MAILS)
def test_every_mail_parses_to_the_parts_that_were_written(kind: Any, locale: str):
    made = draft_of(kind, locale)
    letter = written(made, locale)
    message = parsed(letter)

    assert message.get_content_type() == "multipart/alternative"
    assert message["Message-ID"] == made.mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == locale
    assert not message.defects
    assert content(letter, "plain").rstrip() == letter.text_body.rstrip()
    assert content(letter, "html").rstrip() == letter.html_body.rstrip()
    # A link is not broken, whatever its length.
    long = [line for line in letter.raw.split(b"\r\n") if len(line) > 76]
    assert [line for line in long if not line.startswith(b"List-Unsubscribe: <https://")] == []
    assert b"\n" not in letter.raw.replace(b"\r\n", b"")


def test_a_long_list_shows_fifty_cards_and_attaches_all():
    letter = COMPOSER(draft("notification", homes=120))
    text, page = content(letter, "plain"), content(letter, "html")

    assert len(letter.html_body.encode()) <= 102_000
    for shown in (text, page):
        assert all(f"{n} BIS RUE DE LA RÉPUBLIQUE" in shown for n in range(1, 51))
        assert "51 BIS" not in shown
        assert "+ 70 autres" in shown
    [attached] = parsed(letter).iter_attachments()
    assert attached.get_filename() == "trackimmo-adresses.csv"
    rows = _rows(attached)
    assert len(rows) == 121
    assert rows[120][1] == "120 BIS RUE DE LA RÉPUBLIQUE"
    assert rows[1][5:9] == ["85,5", "4", "1234567", "01/03/2020"]
    assert "Licence Ouverte 2.0" in rows[1][9]
    assert "21/11/2026" in rows[1][9]


def test_fifty_homes_need_no_file():
    assert not list(parsed(COMPOSER(draft("notification", homes=50))).iter_attachments())


def test_a_spreadsheet_calculates_nothing():
    homes = [home(n, address=f"{sign}1+1") for n, sign in enumerate("=+-@", 1)]
    homes += [home(n) for n in range(5, 60)]
    [attached] = parsed(COMPOSER(draft("notification", homes=homes))).iter_attachments()

    assert [row[1] for row in _rows(attached)[1:5]] == ["'=1+1", "'+1+1", "'-1+1", "'@1+1"]


def test_numbers_and_dates_read_well():
    text = COMPOSER(draft("notification")).text_body
    assert "1\u202f234\u202f567\u00a0€ · vente du 1er mars 2020 (il y a 6 ans et 8 mois)" in text
    assert "85,5\u00a0m² · 4 pièces" in text
    assert "DGFiP – Demandes de valeurs foncières (DVF), Licence Ouverte 2.0" in text
    assert "21 novembre 2026" in text
    english = COMPOSER(draft("notification", locale="en")).text_body
    assert "€1,234,567 · sold on 1 March 2020 (6 years and 8 months ago)" in english


def test_what_is_not_known_is_left_out():
    text = COMPOSER(draft("notification", homes=[home(surface_m2=None, rooms=None)])).text_body
    assert "   Maison\n" in text
    assert "None" not in text


def test_the_real_date_of_a_delivery_is_told():
    soon = COMPOSER(draft("monthly")).text_body
    assert "demain, le 22 novembre 2026" in soon
    later = COMPOSER(draft("monthly", detail={"delivery_on": "2027-02-28"})).text_body
    assert "arrivent le 28 février 2027" in later
    assert "demain" not in later
    assert "le 28 février 2027" in COMPOSER(draft("welcome")).text_body
    unknown = COMPOSER(draft("welcome", first_delivery_on=None)).text_body
    assert "première livraison" not in unknown


def test_an_address_that_no_envelope_can_bear_fails_for_good():
    for bad in ("a b@c.d", "a@b>,<c@d", "a\r\n@b", "é@b.c", "a\x01@b.c", "@"):
        with pytest.raises(PermanentError):
            COMPOSER(draft("welcome", email=bad))


def test_an_international_domain_is_written_in_ascii():
    letter = COMPOSER(draft("welcome", email="jo@agence-é.test"))
    assert letter.recipient == "jo@xn--agence--hya.test"
    assert parsed(letter)["To"].addresses[0].addr_spec == letter.recipient


@pytest.mark.parametrize("part", ["subject", "text", "html"])
def test_a_name_that_the_context_lacks_is_an_error(part: str):
    with pytest.raises(jinja2.UndefinedError):
        render("error", "fr", {"attempts": 1} if part != "subject" else {})


def _rows(attached: Any) -> list[list[str]]:
    raw: bytes = attached.get_payload(decode=True)
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))


def test_words_do_not_change_between_attempts():
    compose: Callable[[Draft], Letter] = COMPOSER
    first, second = compose(draft("notification")), compose(draft("notification"))
    assert (first.subject, first.text_body, first.html_body) == (
        second.subject,
        second.text_body,
        second.html_body,
    )


def test_those_who_run_the_service_hear_what_to_do_about_a_refused_address():
    detail = {"attempts": 1, "step": "mail", "reason": "RCPT: 550 5.1.1 <…>: no such user"}
    for locale, advised in (("fr", "demandez-en une autre au client"), ("en", "ask the client")):
        made = letter("error", locale, detail=detail)
        assert advised in made.text_body
        assert advised in made.html_body
        assert "550 5.1.1" in made.text_body


def test_an_address_is_printed_as_on_an_envelope_and_with_what_it_may_be_worth():
    told = home(
        printed_address="12 bis rue de la République, 01000 Bourg-en-Bresse",
        estimate_eur=275_000, estimate_low_eur=250_000, estimate_high_eur=300_000,
        estimate_basis="department", estimate_comparables=1234,
    )  # fmt: skip
    text = COMPOSER(draft("notification", homes=[told])).text_body
    lines = [line.strip().replace("\xa0", " ").replace("\u202f", " ") for line in text.split("\n")]

    at = lines.index("1. 12 bis rue de la République")
    assert lines[at + 1 : at + 3] == ["01000 Bourg-en-Bresse", "Maison · 85,5 m² · 4 pièces"]
    assert lines[at + 4 : at + 6] == [
        "Estimation aujourd’hui : 275 000 € (entre 250 000 € et 300 000 €)",
        "d’après 1 234 ventes comparables dans le département",
    ]
    assert "ne sont pas des expertises" in text
    assert "expertises" not in COMPOSER(draft("notification")).text_body


def test_land_tells_its_own_surface():
    made = home(kind="land", surface_m2=None, rooms=None, land_m2=1240.0)
    text = COMPOSER(draft("notification", homes=[made])).text_body

    assert "Terrain · 1\u202f240\xa0m²\n" in text


def test_a_mail_of_ten_homes_is_written_quickly():
    drafts = [draft("notification", homes=10, first_name=f"N{n}") for n in range(50)]
    spent: list[float] = []
    for each in drafts:
        began = time.thread_time()
        COMPOSER(each)
        spent.append(time.thread_time() - began)
    assert sorted(spent)[5] < 0.0016
