"""How each trait becomes deeds."""

from collections.abc import Callable
from typing import Final

import msgspec

from deploy.simulator.deeds import (
    AUCTION,
    BUILDING_LAND,
    BUSINESS,
    EXCHANGE,
    EXPROPRIATION,
    FLAT,
    MEADOW,
    NO_LOCAL,
    OFF_PLAN,
    OUTBUILDING,
    PLOT,
    SALE,
    SOIL,
    WOOD,
    Culture,
    Deed,
    Line,
)
from deploy.simulator.homes import flat, home, house, second_parcel
from deploy.simulator.market import Market

Maker = Callable[[Market, int, str], list[Deed]]

_BLOCK_LOTS: Final = 200  # lots above those of flats sold one by one
_STUDIO_M2: Final = 18


def ordinary(market: Market, index: int, signed_on: str, *, nature: str = SALE) -> list[Deed]:
    one = home(market.plan, index, market.draw)
    return [_deed(signed_on, market.price(one), one.lines, nature)]


def several_parcels(market: Market, index: int, signed_on: str) -> list[Deed]:
    one = house(market.plan, index, market.draw)
    field = second_parcel(one.lines[0].door, market.draw.random)
    return [_deed(signed_on, market.price(one), (*one.lines, field))]


def two_dispositions(market: Market, index: int, signed_on: str) -> list[Deed]:
    """Two flats in one act, each with its own price, which happens to be the same."""
    flats = [flat(market.plan, index, market.draw, lot_shift=s) for s in (0, _BLOCK_LOTS)]
    price = market.price(flats[0])
    return [
        msgspec.structs.replace(_deed(signed_on, price, one.lines), disposition=number)
        for number, one in enumerate(flats, 1)
    ]


def off_plan(market: Market, index: int, signed_on: str) -> list[Deed]:
    one = flat(market.plan, index, market.draw)
    return [_deed(signed_on, market.price(one), one.lines, OFF_PLAN)]


def off_plan_bare(market: Market, index: int, signed_on: str) -> list[Deed]:
    """The flat is not built yet: only its lot is known."""
    one = flat(market.plan, index, market.draw)
    lots = one.lines[0].lots
    return [
        _deed(
            signed_on, market.price(one), (Line(one.lines[0].door, NO_LOCAL, lots=lots),), OFF_PLAN
        )
    ]


def auction(market: Market, index: int, signed_on: str) -> list[Deed]:
    return ordinary(market, index, signed_on, nature=AUCTION)


def blank_price(market: Market, index: int, signed_on: str) -> list[Deed]:
    return [_deed(signed_on, None, home(market.plan, index, market.draw).lines)]


def symbolic_price(market: Market, index: int, signed_on: str) -> list[Deed]:
    return [_deed(signed_on, 1, home(market.plan, index, market.draw).lines)]


def identical_flats(market: Market, index: int, signed_on: str) -> list[Deed]:
    """Studios told apart by nothing: the file repeats one line."""
    door, _ = market.plan.building_door(index)
    studio = Line(door, FLAT, _STUDIO_M2, 1, (), SOIL, 400)
    number = 3 + int(5 * market.draw.random())
    price = round(number * _STUDIO_M2 * market.plan.town.flat_eur_m2 * 0.8)
    return [_deed(signed_on, price, (studio,) * number)]


def block(market: Market, index: int, signed_on: str) -> list[Deed]:
    """Two to four flats of one building in one deed."""
    number = 2 + int(3 * market.draw.random())
    shifts = range(_BLOCK_LOTS, _BLOCK_LOTS + 10 * number, 10)
    flats = [flat(market.plan, index, market.draw, lot_shift=s) for s in shifts]
    lines = tuple(line for one in flats for line in one.lines)
    return [_deed(signed_on, market.price(*flats), lines)]


def with_business(market: Market, index: int, signed_on: str) -> list[Deed]:
    one = house(market.plan, index, market.draw)
    shop = msgspec.structs.replace(one.lines[0], local=BUSINESS, surface_m2=45, rooms=0)
    return [_deed(signed_on, market.price(one), (shop, *one.lines))]


def business(market: Market, index: int, signed_on: str) -> list[Deed]:
    door = market.plan.house_door(index)
    surface_m2 = 25 + int(400 * market.draw.random())
    line = Line(door, BUSINESS, surface_m2, culture=SOIL, land_m2=surface_m2 + 60)
    return [_deed(signed_on, surface_m2 * 1100, (line,))]


def garage(market: Market, index: int, signed_on: str) -> list[Deed]:
    door, place = market.plan.building_door(index)
    line = Line(door, OUTBUILDING, lots=((str(500 + place), 0.0),))
    return [_deed(signed_on, 6000 + 500 * int(40 * market.draw.random()), (line,))]


def land(market: Market, index: int, signed_on: str) -> list[Deed]:
    culture = (MEADOW, WOOD, PLOT)[int(3 * market.draw.random())]
    return [_ground(market, index, signed_on, culture)]


def building_land(market: Market, index: int, signed_on: str) -> list[Deed]:
    return [_ground(market, index, signed_on, PLOT, BUILDING_LAND)]


def exchange(market: Market, index: int, signed_on: str) -> list[Deed]:
    return [_ground(market, index, signed_on, MEADOW, EXCHANGE)]


def expropriation(market: Market, index: int, signed_on: str) -> list[Deed]:
    return ordinary(market, index, signed_on, nature=EXPROPRIATION)


def _ground(
    market: Market, index: int, signed_on: str, culture: Culture, nature: str = SALE
) -> Deed:
    land_m2 = 200 + int(2500 * market.draw.random())
    line = Line(market.plan.house_door(index), NO_LOCAL, culture=culture, land_m2=land_m2)
    return _deed(signed_on, land_m2 * (90 if culture is PLOT else 2), (line,), nature)


def _deed(signed_on: str, price: float | None, lines: tuple[Line, ...], nature: str = SALE) -> Deed:
    return Deed(signed_on=signed_on, price=price, lines=lines, nature=nature)


MAKERS: Final[dict[str, Maker]] = {
    maker.__name__: maker
    for maker in (
        several_parcels,
        two_dispositions,
        off_plan,
        off_plan_bare,
        auction,
        blank_price,
        symbolic_price,
        identical_flats,
        block,
        with_business,
        business,
        garage,
        land,
        building_land,
        exchange,
        expropriation,
    )
}
