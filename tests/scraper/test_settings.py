from datetime import timedelta

import pytest

from libs.common.settings import SettingsError, load
from services.scraper.settings import ScraperSettings

REQUIRED = {"DATABASE_URL": "postgresql://scraper@db/x", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


def test_the_defaults_are_those_of_the_product():
    settings = load(ScraperSettings, REQUIRED)

    assert [source.url("01053", 2019) for source in settings.sources] == [
        "https://files.data.gouv.fr/geo-dvf/latest/csv/2019/communes/01/01053.csv",
        "https://files.data.gouv.fr/geo-dvf/latest/csv/2019/departements/01.csv.gz",
        "https://data.cquest.org/dgfip_dvf/202404/valeursfoncieres-2019.txt",
        "https://data.cquest.org/dgfip_dvf/202404/valeursfoncieres-2019.txt.zip",
    ]
    assert (settings.rules.min_age_years, settings.rules.max_age_years) == (6, 8)
    assert settings.rules.city_max_age == timedelta(days=90)
    assert settings.rules.min_on_offer == 50


def test_every_problem_is_named_in_one_sentence():
    wrong = {
        **REQUIRED,
        "SALES_SOURCES": "nonsense raw=file:///x",
        "MIN_PROPERTY_AGE_YEARS": "9",
    }

    with pytest.raises(SettingsError) as refused:
        load(ScraperSettings, wrong)

    sentence = str(refused.value)
    assert sentence.startswith("3 problems in the environment: ")
    for part in ("'nonsense' is not FORMAT", "unknown format raw", "MAX_PROPERTY_AGE_YEARS (8)"):
        assert part in sentence


@pytest.mark.parametrize(
    "variable,value",
    [("PLACES_URL", "ftp://x"), ("CITY_MAX_AGE_DAYS", "0"), ("MIN_PROPERTIES_PER_CITY", "many")],
)
def test_a_wrong_value_is_named(variable: str, value: str):
    with pytest.raises(SettingsError, match=variable):
        load(ScraperSettings, {**REQUIRED, variable: value})
