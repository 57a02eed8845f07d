"""What the assigner is told by its environment."""

from typing import Annotated, Literal

import msgspec

from libs.common.settings import CommonSettings
from libs.egress import parse_allowances
from services.assigner.domain.choice import Ages, Rule


class AssignerSettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, how old a sale must be, and by what rule homes are chosen."""

    min_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 6
    max_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 8
    assignment_strategy: Literal["weighted", "monthly"] = "weighted"
    exclusivity_months: Annotated[int, msgspec.Meta(ge=0, le=120)] = 0
    geocoder_url: Annotated[
        str, msgspec.Meta(pattern="^https?://", examples=["https://data.geopf.fr/geocodage"])
    ] = ""
    """Of the Géoplateforme's geocoding, without `/search`; empty: nobody is asked."""
    egress_allow: Annotated[tuple[str, ...], msgspec.Meta(examples=["geocoder.internal:7878"])] = ()
    """Hosts, hosts with a port, or networks that may be asked although they are not public."""

    @property
    def rule(self) -> Rule:
        """By what this assigner chooses."""
        return Rule(
            strategy=self.assignment_strategy,
            exclusivity_months=self.exclusivity_months,
            ages=Ages(self.min_property_age_years, self.max_property_age_years),
        )

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins, and exceptions that name nothing."""
        problems: list[str] = []
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
