"""The quirks of real sales files, how often each occurs, and what a reader must answer."""

from random import Random
from typing import Final

import msgspec

HOME: Final = "home"  # a sale of one single home


class Trait(msgspec.Struct, frozen=True):
    """One kind of deed."""

    name: str
    share: float  # of a year's deeds
    outcome: str = HOME  # or the reason why it is no single home


TRAITS: Final = {
    trait.name: trait
    for trait in (
        Trait("several_parcels", 0.025),
        Trait("two_dispositions", 0.012),
        Trait("off_plan", 0.02),
        Trait("auction", 0.006),
        Trait("sold_again", 0.03),  # the first sale of a home that is resold two years later
        Trait("resale", 0.03),
        Trait("blank_price", 0.01, "no_price_or_symbolic"),
        Trait("symbolic_price", 0.006, "no_price_or_symbolic"),
        Trait("identical_flats", 0.008, "several_dwellings"),
        Trait("block", 0.03, "several_dwellings"),
        Trait("with_business", 0.012, "mixed_with_business"),
        Trait("business", 0.025, "no_dwelling"),
        Trait("garage", 0.06, "no_dwelling"),
        Trait("land", 0.03, "no_dwelling"),
        Trait("off_plan_bare", 0.008, "no_dwelling"),
        Trait("building_land", 0.01, "nature"),
        Trait("exchange", 0.004, "nature"),
        Trait("expropriation", 0.001, "nature"),
    )
}
ORDINARY: Final = Trait("ordinary", 0.0)


def deck(deeds: int, draw: Random) -> list[str]:
    """The traits of a year's deeds in random order; each occurs, however small the town."""
    cards = [t.name for t in TRAITS.values() for _ in range(max(1, round(t.share * deeds)))]
    cards += [ORDINARY.name] * (deeds - len(cards))
    draw.shuffle(cards)
    return cards


def outcome(trait: str) -> str:
    """`home`, or the reason why deeds of this trait are no single home."""
    return TRAITS.get(trait, ORDINARY).outcome
