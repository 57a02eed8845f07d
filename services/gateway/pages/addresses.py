"""The homes of a client as its page words them."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from services.gateway.domain.homes import DeliveredHome
from services.gateway.pages.wording import LANGUAGES, Language, Locale


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says of a home."""

    address: str
    facts: str
    sale: str
    estimate: str
    basis: str
    stage: str


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What was delivered in a month."""

    name: str
    lines: Sequence[Line]


def months(homes: Sequence[DeliveredHome], locale: Locale) -> list[Month]:
    """The homes by the month of their delivery, in their order."""
    say = LANGUAGES[locale]
    return [
        Month(name=say.month(first), lines=[_line(home, say) for home in group])
        for first, group in groupby(homes, key=lambda home: home.sent_on.replace(day=1))
    ]


def files(homes: Sequence[DeliveredHome]) -> str:
    """The files that the homes come from, once each."""
    return ", ".join(dict.fromkeys(f"{home.source} {home.edition}" for home in homes))


def _line(home: DeliveredHome, say: Language) -> Line:
    place = f"{home.address}, {home.postal_code} {home.city_name}"
    return Line(
        address=home.printed_address or place,
        facts=" · ".join(_facts(home, say)),
        sale=say.told("sold_on", price=say.price(home.price_eur), day=say.day(home.sold_on)),
        estimate=_estimate(home, say),
        basis=_basis(home, say),
        stage=say.stages.get(home.follow_status, home.follow_status),
    )


def _facts(home: DeliveredHome, say: Language) -> Iterator[str]:
    yield say.kinds.get(home.kind, say.kinds["other"])
    if home.surface_m2:
        yield say.surface(home.surface_m2)
    if home.rooms:
        yield say.many(home.rooms, "room")
    if home.land_m2:
        land = say.surface(home.land_m2)
        yield land if home.kind == "land" else say.told("land", surface=land)


def _estimate(home: DeliveredHome, say: Language) -> str:
    if home.estimate_eur is None:
        return ""
    low, high = home.estimate_low_eur, home.estimate_high_eur
    if low is None or high is None:
        return say.price(home.estimate_eur)
    return say.told(
        "range", price=say.price(home.estimate_eur), low=say.price(low), high=say.price(high)
    )


def _basis(home: DeliveredHome, say: Language) -> str:
    if home.estimate_comparables is None or home.estimate_basis not in {"commune", "department"}:
        return ""
    return say.told(home.estimate_basis, sales=say.many(home.estimate_comparables, "sale"))
