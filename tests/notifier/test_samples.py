"""Test mails: every kind to whoever asked for it, its invented facts called what they are."""

from typing import Any

import msgspec
import pytest

from libs.links import read
from services.notifier.domain.mail import Draft
from services.notifier.mailer.samples import SAMPLE_CLIENT, sample
from tests.notifier.drafts import CLIENT, draft
from tests.notifier.letters import ENGLISH, KINDS, Page, parsed
from tests.notifier.stage import COMPOSER, SETTINGS

MARKS = ("Exemple : ce message est un essai", "Sample: this message is a test")
SUBJECTS = {
    "notification": "TrackImmo : 5 nouvelles adresses pour vous (novembre)",
    "monthly": "TrackImmo : vos adresses arrivent demain, Camille",
    "welcome": "Bienvenue chez TrackImmo, Camille",
    "insufficient": "[TrackImmo] Adresses insuffisantes : 3/10",
    "error": "[TrackImmo] Traitement en échec après 4 tentatives",
    "config": "[TrackImmo] Test SMTP",
}


def asked_for(kind: str, **changes: Any) -> Draft:
    """What the desk knows of a test mail that concerns no client."""
    detail = {"template_type": kind, "recipient": "ops@trackimmo.test"}
    made = draft("test", detail=detail, homes=0)
    bare = msgspec.structs.replace(made.mail, client_id=None, job=None)
    return msgspec.structs.replace(made, mail=bare, contact=None, places=[], **changes)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_to_whoever_asked_for_it(kind: str):
    made = COMPOSER(asked_for(kind))

    assert made.recipient == "ops@trackimmo.test"
    assert parsed(made)["To"] == "ops@trackimmo.test"
    assert made.subject.replace("\xa0", " ") == SUBJECTS[kind]
    assert parsed(made)["Message-ID"] == asked_for(kind).mail.message_id


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "config"])
@pytest.mark.parametrize("compose", [COMPOSER, ENGLISH])
def test_invented_facts_are_called_a_sample(kind: str, compose: Any):
    made = compose(asked_for(kind))
    for shown in (made.text_body, Page(made.html_body).text):
        assert any(mark in shown.replace("\xa0", " ") for mark in MARKS)
    for written in (COMPOSER(draft(kind)), ENGLISH(draft(kind, locale="en"))):  # pyright: ignore[reportArgumentType]
        assert not any(mark in written.text_body.replace("\xa0", " ") for mark in MARKS)


@pytest.mark.parametrize("kind", ["notification", "monthly", "welcome"])
@pytest.mark.parametrize("client_id", [None, CLIENT])
def test_a_test_mail_unsubscribes_nobody_and_opens_nobodys_page(kind: str, client_id: Any):
    given = asked_for(kind)
    mail = msgspec.structs.replace(given.mail, client_id=client_id)
    links = Page(COMPOSER(msgspec.structs.replace(given, mail=mail)).html_body).links

    assert links
    for link in links:
        purpose = "page" if "/c/" in link else "unsubscribe"
        token = link.rpartition("/")[2]
        found = read(SETTINGS.secret_key, purpose, token, now=given.mail.created_at)
        assert found
        assert found.client_id == SAMPLE_CLIENT


def test_what_is_known_is_kept():
    made = sample("notification", draft("notification", first_name="Zoé"))

    assert made.contact
    assert made.contact.first_name == "Zoé"
    assert len(made.homes) == 3
    assert made.sample


def test_the_mail_about_the_settings_tells_no_secret():
    told = msgspec.structs.replace(
        SETTINGS, smtp_username="apikey-4711", smtp_password="open sesame", secret_key="s3cr3t"
    ).shown

    assert told["SMTP_SERVER"] == "127.0.0.1"
    assert told["SMTP_PASSWORD"] == told["SMTP_USERNAME"] == "••••••"
    assert not {"apikey-4711", "open sesame", "s3cr3t"} & set(told.values())
    assert COMPOSER.settings == SETTINGS.shown
    assert "SMTP_SERVER" in COMPOSER(asked_for("config")).text_body


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_asks_for_a_language_gets_it(kind: str):
    given = asked_for(kind)
    mail = msgspec.structs.replace(given.mail, detail={**given.mail.detail, "locale": "en"})
    made = COMPOSER(msgspec.structs.replace(given, mail=mail))

    assert parsed(made)["Content-Language"] == "en"
    assert '<html lang="en"' in made.html_body
