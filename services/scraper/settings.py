"""What the scraper is told by its environment."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec

from libs.common.settings import CommonSettings
from libs.egress import parse_allowances
from services.scraper.domain import Rules, Source, parse_sources

FORMATS: Final = ("geo-dvf", "raw-dvf")
"""What the sales rule can read."""

_GEO_DVF: Final = "geo-dvf=https://files.data.gouv.fr/geo-dvf/{edition}/csv/{year}"
_RAW_DVF: Final = (
    "raw-dvf@2014-2024=https://data.cquest.org/dgfip_dvf/{edition}/valeursfoncieres-{year}"
)
PUBLIC_SOURCES: Final = (
    f"{_GEO_DVF}/communes/{{department}}/{{insee}}.csv",
    f"{_GEO_DVF}/departements/{{department}}.csv.gz",
    f"{_RAW_DVF}.txt",
    f"{_RAW_DVF}.txt.zip",
)
"""The official folder keeps five years; the mirror of the raw files all, some of them zipped."""


class ScraperSettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, the publishers, and when a city's stock is good enough."""

    sales_sources: Annotated[tuple[str, ...], msgspec.Meta(examples=[PUBLIC_SOURCES[0]])] = (
        PUBLIC_SOURCES
    )
    places_url: Annotated[
        str,
        msgspec.Meta(
            pattern="^(file:///|https?://)",
            examples=["https://geo.api.gouv.fr", "file:///srv/communes.csv"],
        ),
    ] = "https://geo.api.gouv.fr"
    egress_allow: Annotated[tuple[str, ...], msgspec.Meta(examples=["mirror.internal:8080"])] = ()
    """Hosts, hosts with a port, or networks that may be asked although they are not public."""
    min_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 6
    max_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 8
    min_properties_per_city: Annotated[int, msgspec.Meta(ge=0)] = 50
    city_max_age_days: Annotated[int, msgspec.Meta(ge=1)] = 90
    data_dir: Path = Path("var")

    def __post_init__(self) -> None:
        """Refuse sources that cannot be read, and a window that ends before it begins."""
        problems: list[str] = []
        try:
            parse_sources(self.sales_sources, formats=FORMATS)
        except ValueError as error:
            problems += [f"SALES_SOURCES is wrong: {problem}" for problem in str(error).split("; ")]
        try:
            parse_allowances(self.egress_allow)
        except ValueError as error:
            problems += [f"EGRESS_ALLOW is wrong: {problem}" for problem in str(error).split("; ")]
        if self.max_property_age_years < self.min_property_age_years:
            problems.append(
                f"MAX_PROPERTY_AGE_YEARS ({self.max_property_age_years}) is less than"
                f" MIN_PROPERTY_AGE_YEARS ({self.min_property_age_years}),"
                " for example 8 where the least is 6"
            )
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def sources(self) -> tuple[Source, ...]:
        return parse_sources(self.sales_sources, formats=FORMATS)

    @property
    def rules(self) -> Rules:
        return Rules(
            min_age_years=self.min_property_age_years,
            max_age_years=self.max_property_age_years,
            min_on_offer=self.min_properties_per_city,
            city_max_age=timedelta(days=self.city_max_age_days),
        )
