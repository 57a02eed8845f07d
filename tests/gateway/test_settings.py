import pytest

from libs.common.settings import SettingsError, load
from services.gateway.settings import GatewaySettings

ENVIRON = {
    "DATABASE_URL": "postgresql://gateway@db/trackimmo",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "API_KEY": "5d41402abc4b2a76b9719d911017c592",
    "SECRET_KEY": "7d793037a0760186574b0282f2f435e7",
}


def test_what_is_required_is_enough():
    settings = load(GatewaySettings, ENVIRON)
    assert settings.admin_api_key == ""
    assert settings.gateway_port == 8000
    assert settings.default_addresses_per_report == 10


@pytest.mark.parametrize("name", ["API_KEY", "SECRET_KEY"])
def test_an_empty_key_is_a_missing_one(name: str):
    with pytest.raises(SettingsError, match=f"{name} is missing"):
        load(GatewaySettings, ENVIRON | {name: " "})


@pytest.mark.parametrize("name", ["API_KEY", "SECRET_KEY", "ADMIN_API_KEY"])
@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE-ME", "change_this", "your-api-key", "your-secret-key-here", "secret",
     "please-changeme-now", "Admin", "password", "default"],
)  # fmt: skip
def test_a_default_key_refuses_to_start_without_being_repeated(name: str, value: str):
    with pytest.raises(SettingsError, match=name) as refusal:
        load(GatewaySettings, ENVIRON | {name: value})
    assert value not in str(refusal.value).replace(name, "").replace("a default value", "")


def test_every_default_key_is_named_at_once():
    environ = ENVIRON | {"API_KEY": "changeme", "SECRET_KEY": "changeme"}
    with pytest.raises(SettingsError, match="2 problems") as refusal:
        load(GatewaySettings, environ)
    assert "API_KEY" in str(refusal.value)
    assert "SECRET_KEY" in str(refusal.value)


TILES = {
    "MAP_TILES_URL": "https://tiles.example:8443/{z}/{x}/{y}.png?key=1",
    "MAP_TILES_ATTRIBUTION": "© X",
}


def test_a_tile_server_is_asked_only_where_one_is_configured():
    assert load(GatewaySettings, ENVIRON).tile_origin == ""
    assert load(GatewaySettings, ENVIRON | TILES).tile_origin == "https://tiles.example:8443"


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"MAP_TILES_URL": "https://tiles.example/{z}/{x}.png"}, "MAP_TILES_URL has no {y}"),
        ({"MAP_TILES_URL": "https://a.example; script-src *//{z}/{x}/{y}"}, "MAP_TILES_URL"),
        ({"MAP_TILES_URL": "https://*/{z}/{x}/{y}"}, "MAP_TILES_URL"),
        ({"MAP_TILES_URL": "javascript:alert(1)//{z}/{x}/{y}"}, "MAP_TILES_URL"),
        ({"MAP_TILES_URL": "https://u:p@a.example/{z}/{x}/{y}"}, "MAP_TILES_URL"),
        ({"MAP_TILES_ATTRIBUTION": ""}, "MAP_TILES_ATTRIBUTION is missing"),
    ],
)
def test_tiles_that_cannot_be_asked_for_refuse_to_start(changed: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        load(GatewaySettings, ENVIRON | TILES | changed)
