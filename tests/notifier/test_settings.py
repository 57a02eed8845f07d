"""What keeps the notifier from starting, in one sentence."""

import pytest

from libs.common.settings import SettingsError, load
from services.notifier.settings import NotifierSettings

GIVEN = {
    "DATABASE_URL": "postgresql://notifier@db/trackimmo",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "SECRET_KEY": "7d1a9c0e5b",
    "EMAIL_SENDER": "bonjour@mail.trackimmo.test",
    "SMTP_SERVER": "smtp.trackimmo.test",
    "CTO_EMAIL": "cto@trackimmo.test",
}


def given(**changes: str) -> NotifierSettings:
    return load(NotifierSettings, {**GIVEN, **changes})


def test_four_things_are_required():
    with pytest.raises(SettingsError) as refused:
        load(NotifierSettings, {"DATABASE_URL": "x", "KAFKA_BOOTSTRAP_SERVERS": "y"})
    for name in ("SECRET_KEY", "EMAIL_SENDER", "SMTP_SERVER", "CTO_EMAIL"):
        assert f"{name} is missing" in str(refused.value)


@pytest.mark.parametrize("key", ["", "changeme", "your-secret-key", "SECRET", "change-me-please"])
def test_an_empty_or_default_key_refuses_to_start(key: str):
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        given(SECRET_KEY=key)


@pytest.mark.parametrize(
    "name, value",
    [
        ("EMAIL_SENDER", "nobody"),
        ("EMAIL_SENDER", "équipe@trackimmo.fr"),
        ("EMAIL_SENDER", "Track\x07Immo <bonjour@trackimmo.fr>"),
        ("CTO_EMAIL", "a@b, c@d"),
        ("CTO_EMAIL", "hélène@trackimmo.fr"),
        ("MAIL_DOMAIN", "a b"),
        ("SMTP_SECURITY", "plain"),
        ("SMTP_PORT", "0"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str):
    with pytest.raises(SettingsError, match=name):
        given(**{name: value})


def test_a_password_wants_a_name():
    with pytest.raises(SettingsError, match="SMTP_USERNAME"):
        given(SMTP_PASSWORD="x")


@pytest.mark.parametrize(
    "told, security",
    [
        ({}, "starttls"),
        ({"SMTP_PORT": "25"}, "starttls"),
        ({"SMTP_PORT": "465"}, "tls"),
        ({"SMTP_PORT": "465", "SMTP_SECURITY": "starttls"}, "starttls"),
        ({"SMTP_SECURITY": "none"}, "none"),
    ],
)
def test_clear_text_is_only_spoken_when_asked_for(told: dict[str, str], security: str):
    assert given(**told).security == security


def test_what_is_not_said_follows_from_the_sender_and_the_api():
    settings = given(EMAIL_SENDER="Équipe <a@b.test>", API_BASE_URL="https://api.test/")
    assert settings.sender == ("Équipe", "a@b.test")
    assert settings.id_domain == "b.test"
    assert settings.link_base_url == "https://api.test"
    assert given().sender == ("TrackImmo", "bonjour@mail.trackimmo.test")
    assert given(MAIL_DOMAIN="id.test").id_domain == "id.test"
