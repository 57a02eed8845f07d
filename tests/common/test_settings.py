from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from libs.common.settings import CommonSettings, SettingsError, load
from services.notifier.settings import NotifierSettings

GIVEN = {"DATABASE_URL": "postgresql://x", "KAFKA_BOOTSTRAP_SERVERS": "k:9092"}


class Settings(CommonSettings, frozen=True, kw_only=True):
    api_key: Annotated[str, msgspec.Meta(min_length=8, examples=["a long secret"])]
    sources: Annotated[tuple[str, ...], msgspec.Meta(examples=["a b"])] = ()
    folder: Path = Path("var")
    hours: Annotated[int, msgspec.Meta(ge=1)] = 4


def test_the_environment_becomes_values() -> None:
    settings = load(
        Settings,
        {**GIVEN, "API_KEY": "12345678", "SOURCES": "a  b", "HOURS": "2", "FOLDER": "/srv"},
    )

    assert (settings.sources, settings.hours, settings.folder) == (("a", "b"), 2, Path("/srv"))
    assert settings.kafka_idempotence


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(Settings, {**GIVEN, "API_KEY": "12345678", "HOURS": " "}).hours == 4


def test_one_sentence_names_every_problem_with_an_example() -> None:
    with pytest.raises(SettingsError) as refused:
        load(Settings, {"KAFKA_IDEMPOTENCE": "perhaps", "HOURS": "0"})

    said = str(refused.value)
    assert said.startswith("5 problems")
    for named in (
        "DATABASE_URL is missing",
        "KAFKA_BOOTSTRAP_SERVERS",
        "API_KEY",
        "KAFKA_IDEMPOTENCE",
        "HOURS",
    ):
        assert named in said
    assert "for example a long secret" in said


def test_a_rule_of_the_service_is_named_beside_what_is_missing() -> None:
    with pytest.raises(SettingsError) as refused:
        load(NotifierSettings, {**GIVEN, "SECRET_KEY": "changeme", "SMTP_SERVER": "smtp"})

    said = str(refused.value)
    assert all(name in said for name in ("SECRET_KEY", "CTO_EMAIL", "EMAIL_SENDER"))


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        load(Settings, {**GIVEN, "API_KEY": "short"})

    assert "short" not in str(refused.value)
