import json
import stat
from pathlib import Path

import pytest

from deploy.local import settings
from deploy.local.spec import StepError


def _resolve(tmp_path: Path, **given: str) -> settings.Stack:
    return settings.resolve({"DATA_DIR": str(tmp_path), **given})


def test_everything_is_embedded_where_nothing_is_given(tmp_path: Path) -> None:
    stack = _resolve(tmp_path)
    assert stack.embedded == {"postgres", "broker", "mail", "simulator"}
    assert stack.environ["KAFKA_IDEMPOTENCE"] == "false"
    assert stack.environ["SMTP_SECURITY"] == "none"
    assert stack.environ["PLACES_URL"].endswith(f":{stack.ports['simulator']}/geo")
    assert len(set(stack.ports.values())) == len(stack.ports)


def test_what_is_given_is_kept_and_replaces_the_embedded(tmp_path: Path) -> None:
    stack = _resolve(
        tmp_path,
        DATABASE_URL="postgresql://boss:p%40ss@db.example:5433/immo?sslmode=require",
        MIGRATE_DATABASE_URL="postgresql://root@db.example/immo",
        KAFKA_BOOTSTRAP_SERVERS="kafka.example:9092",
        SMTP_SERVER="smtp.example",
        SALES_SOURCES="geo-dvf=https://files.example/{year}.csv",
        PLACES_URL="https://geo.example",
        GATEWAY_PORT="8123",
        API_KEY="given-key",
        LOG_LEVEL="DEBUG",
    )
    assert stack.embedded == frozenset()
    assert stack.bootstrap_servers == "kafka.example:9092"
    assert stack.admin_url == "postgresql://root@db.example/immo"
    assert "KAFKA_IDEMPOTENCE" not in stack.environ
    assert "SMTP_PORT" not in stack.environ
    told = stack.service_environment("scraper")
    assert (
        told["DATABASE_URL"] == "postgresql://scraper:p%40ss@db.example:5433/immo?sslmode=require"
    )
    assert told["API_KEY"] == "given-key"
    assert told["GATEWAY_PORT"] == "8123"
    assert told["SMTP_SERVER"] == "smtp.example"
    assert told["LOG_LEVEL"] == "DEBUG"


def test_without_a_role_for_migrations_the_given_one_migrates(tmp_path: Path) -> None:
    stack = _resolve(tmp_path, DATABASE_URL="postgresql://boss@db.example/immo")
    assert stack.admin_url == "postgresql://boss@db.example/immo"


def test_each_service_has_its_own_role_and_port(tmp_path: Path) -> None:
    stack = _resolve(tmp_path)
    told = [stack.service_environment(name) for name in settings.SERVICES]
    assert [t["DATABASE_URL"].split("@")[0] for t in told] == [
        f"postgresql://{name}" for name in settings.SERVICES
    ]
    assert len({t["METRICS_PORT"] for t in told}) == len(settings.SERVICES)


def test_missing_keys_are_invented_once_for_their_owner_only(tmp_path: Path) -> None:
    first = _resolve(tmp_path, ADMIN_API_KEY="of-an-operator")
    second = _resolve(tmp_path, ADMIN_API_KEY="of-an-operator")
    path = tmp_path / "keys.json"
    assert json.loads(path.read_text()).keys() == {"API_KEY", "SECRET_KEY"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.environ["API_KEY"] == second.environ["API_KEY"] != first.environ["SECRET_KEY"]


def test_an_empty_setting_is_one_not_given(tmp_path: Path) -> None:
    assert "broker" in _resolve(tmp_path, KAFKA_BOOTSTRAP_SERVERS="").embedded


def test_live_takes_the_services_own_sources(tmp_path: Path) -> None:
    stack = _resolve(tmp_path, LIVE="1")
    assert "simulator" not in stack.embedded
    assert not {"SALES_SOURCES", "PLACES_URL", "EGRESS_ALLOW"} & stack.environ.keys()


def test_the_geocoder_is_the_simulators_the_public_one_or_none(tmp_path: Path) -> None:
    played = _resolve(tmp_path)
    assert played.environ["GEOCODER_URL"] == (
        f"http://127.0.0.1:{played.ports['simulator']}/geocodage"
    )
    live = _resolve(tmp_path, LIVE="1")
    assert live.environ["GEOCODER_URL"] == "https://data.geopf.fr/geocodage"
    own = _resolve(tmp_path, SALES_SOURCES="geo-dvf=file:///a/{year}.csv", PLACES_URL="file:///p")
    assert "GEOCODER_URL" not in own.environ
    assert not _resolve(tmp_path, GEOCODER_URL="").environ["GEOCODER_URL"]
    given = _resolve(tmp_path, GEOCODER_URL="https://geo.example", LIVE="1")
    assert given.environ["GEOCODER_URL"] == "https://geo.example"


def test_the_simulator_may_be_reached_beside_whatever_is_given(tmp_path: Path) -> None:
    stack = _resolve(tmp_path, EGRESS_ALLOW="mirror.internal:8080")
    assert stack.environ["EGRESS_ALLOW"] == (
        f"127.0.0.1:{stack.ports['simulator']} mirror.internal:8080"
    )
    live = _resolve(tmp_path, EGRESS_ALLOW="mirror.internal:8080", LIVE="1")
    assert live.environ["EGRESS_ALLOW"] == "mirror.internal:8080"


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "8 000"])
def test_a_port_that_is_none_is_one_sentence(tmp_path: Path, port: str) -> None:
    with pytest.raises(StepError, match=r"GATEWAY_PORT is no port: .+ \(for example 8000\)"):
        _resolve(tmp_path, GATEWAY_PORT=port)


def test_a_password_is_what_the_url_spells(tmp_path: Path) -> None:
    url = "postgresql://owner:p%40ss%2F@db.example/immo"
    assert _resolve(tmp_path, DATABASE_URL=url).password == "p@ss/"
    assert not _resolve(tmp_path).password
