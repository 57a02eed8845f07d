"""The market of one town in one year: which homes there are and what they fetch."""

import math
from random import Random
from typing import Final

import msgspec

from deploy.simulator.doors import Plan, plan
from deploy.simulator.homes import Home, home
from deploy.simulator.towns import TOWNS, YEARS
from deploy.simulator.traits import TRAITS

_SWING: Final = 0.08  # of the number of deeds, from one year to the next
_GROWTH: Final = 0.035  # of prices, a year
_STEPS_EUR: Final = (1000, 500, 500, 100, 1, 0.5)  # halves are exact in both dialects


class Market(msgspec.Struct, frozen=True):
    """Where a year's deeds come from."""

    plan: Plan
    year: int
    deeds: int
    draw: Random
    seed: int

    def price(self, *homes: Home) -> float:
        """What the homes fetch together: mostly a round sum, sometimes to the half euro."""
        worth = sum(h.surface_m2 * h.eur_m2 for h in homes)
        worth *= (1 - _GROWTH) ** (YEARS.stop - self.year) * (0.72 + 0.55 * self.draw.random())
        step = _STEPS_EUR[int(len(_STEPS_EUR) * self.draw.random())]
        return max(20_000, round(worth / step) * step)

    @property
    def first_home(self) -> int:
        """The number of the first home that is this year's own."""
        return (self.year - YEARS.start) * self.plan.homes_a_year

    def sold_again(self) -> list[Home]:
        """Homes sold this year that will be sold again: the last of the year's own."""
        draw = drawing(self.seed, self.plan.town.insee, self.year, "again")
        last = self.first_home + self.plan.homes_a_year - 1
        again = max(1, round(TRAITS["sold_again"].share * self.deeds))
        return [home(self.plan, last - position, draw) for position in range(again)]


def market(insee: str, year: int, *, seed: int, scale: float) -> Market:
    """The market of a town; `scale` multiplies its deeds."""
    town = TOWNS[insee]
    homes_a_year = math.ceil(town.acts * scale * (1 + _SWING + TRAITS["sold_again"].share)) + 1
    deeds = round(town.acts * scale * (1 + _SWING * math.sin(2.1 * year)))
    draw = drawing(seed, insee, year)
    return Market(plan(insee, homes_a_year), year, deeds, draw, seed)


def drawing(*parts: int | str) -> Random:
    """Randomness that is the same for the same parts."""
    return Random(" ".join(map(str, parts)))  # noqa: S311  invented sales, not secrets
