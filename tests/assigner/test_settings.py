import pytest

from libs.common.settings import SettingsError, load
from services.assigner.settings import AssignerSettings

REQUIRED = {"DATABASE_URL": "postgresql://assigner@db/trackimmo", "KAFKA_BOOTSTRAP_SERVERS": "k:1"}


def test_the_window_is_six_to_eight_years_unless_told_otherwise():
    assert (load(AssignerSettings, REQUIRED).min_property_age_years) == 6
    assert (load(AssignerSettings, REQUIRED).max_property_age_years) == 8


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(SettingsError, match=r"MAX_PROPERTY_AGE_YEARS \(5\) is less than"):
        load(AssignerSettings, REQUIRED | {"MAX_PROPERTY_AGE_YEARS": "5"})


def test_a_strategy_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match="ASSIGNMENT_STRATEGY"):
        load(AssignerSettings, REQUIRED | {"ASSIGNMENT_STRATEGY": "newest"})


def test_nobody_is_asked_for_doors_unless_told():
    assert not load(AssignerSettings, REQUIRED).geocoder_url
    url = "https://data.geopf.fr/geocodage"
    assert load(AssignerSettings, REQUIRED | {"GEOCODER_URL": url}).geocoder_url == url


@pytest.mark.parametrize(
    "variable, value", [("GEOCODER_URL", "data.geopf.fr"), ("EGRESS_ALLOW", "http://host")]
)
def test_what_names_no_server_is_refused(variable: str, value: str):
    with pytest.raises(SettingsError, match=variable):
        load(AssignerSettings, REQUIRED | {variable: value})
