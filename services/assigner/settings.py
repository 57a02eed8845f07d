"""What the assigner is told by its environment."""

from typing import Annotated, Literal

import msgspec

from libs.common.settings import CommonSettings
from services.assigner.domain.choice import Ages, Rule


class AssignerSettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, how old a sale must be, and by what rule homes are chosen."""

    min_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 6
    max_property_age_years: Annotated[int, msgspec.Meta(ge=0, le=50)] = 8
    assignment_strategy: Literal["weighted", "monthly"] = "weighted"
    exclusivity_months: Annotated[int, msgspec.Meta(ge=0, le=120)] = 0

    @property
    def rule(self) -> Rule:
        """By what this assigner chooses."""
        return Rule(
            strategy=self.assignment_strategy,
            exclusivity_months=self.exclusivity_months,
            ages=Ages(self.min_property_age_years, self.max_property_age_years),
        )

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.max_property_age_years < self.min_property_age_years:
            raise ValueError(
                f"MAX_PROPERTY_AGE_YEARS ({self.max_property_age_years}) is less than"
                f" MIN_PROPERTY_AGE_YEARS ({self.min_property_age_years}),"
                " for example 8 where the least is 6"
            )
