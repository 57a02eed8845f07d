"""A year of one town: every deed of it, by seed."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from deploy.simulator.deeds import Deed
from deploy.simulator.homes import Home
from deploy.simulator.makers import MAKERS, ordinary
from deploy.simulator.market import Market, market
from deploy.simulator.towns import sells_in
from deploy.simulator.traits import deck

RESOLD_AFTER_YEARS: Final = 2
_SATURDAY: Final = 5


def deeds(insee: str, year: int, *, seed: int = 1, scale: float = 1) -> list[Deed]:
    """The deeds of a commune and year, by date; empty when the publisher has no file."""
    if not sells_in(insee, year):
        return []
    here = market(insee, year, seed=seed, scale=scale)
    again = {"sold_again": iter(here.sold_again()), "resale": iter(_resold(here, scale))}
    days = _weekdays(year)
    cards = deck(here.deeds, here.draw)
    made: list[Deed] = []
    for position, trait in enumerate(cards):
        signed_on = days[position * len(days) // len(cards)]
        known = next(again[trait], None) if trait in again else None
        made += _deeds_of(trait, here, here.first_home + position, signed_on, known)
    return list(_told_apart(made))


def _resold(here: Market, scale: float) -> list[Home]:
    """The homes of an earlier year that change hands once more."""
    insee, year = here.plan.town.insee, here.year - RESOLD_AFTER_YEARS
    if not sells_in(insee, year):
        return []
    return market(insee, year, seed=here.seed, scale=scale).sold_again()


def _deeds_of(
    trait: str, here: Market, index: int, signed_on: str, known: Home | None
) -> list[Deed]:
    if known is not None:
        price = here.price(known)
        return [Deed(signed_on=signed_on, price=price, lines=known.lines, trait=trait)]
    maker = MAKERS.get(trait)
    if maker is None:
        return ordinary(here, index, signed_on)
    return [replace(deed, trait=trait) for deed in maker(here, index, signed_on)]


def _told_apart(made: list[Deed]) -> Iterable[Deed]:
    """No two deeds share date, price and disposition: a reader can tell each from the others."""
    seen: set[tuple[str, float | None, int]] = set()
    for deed in made:
        unique = deed
        while (unique.signed_on, unique.price, unique.disposition) in seen:
            unique = _moved(unique)
        seen.add((unique.signed_on, unique.price, unique.disposition))
        yield unique


def _moved(deed: Deed) -> Deed:
    """The same deed with a mark to know it by: a higher price, else a disposition of its own."""
    if deed.price is None or deed.price <= 1:
        return replace(deed, disposition=deed.disposition + 1)
    return replace(deed, price=deed.price + 10)


def _weekdays(year: int) -> list[str]:
    first = date(year, 1, 1)
    days = (first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days))
    return [day.isoformat() for day in days if day.weekday() < _SATURDAY]
