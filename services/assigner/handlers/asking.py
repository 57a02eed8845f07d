"""Asks the geocoder for many homes at once: each address once, in requests of a hundred lines."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from services.assigner.domain.position import Answer, Home, Position, Question, position, questions
from services.assigner.handlers.ports import Geocoder, GeocoderError

LINES: Final = 100  # the service works a request off in hundreds, one after the other


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of doors, and why not of all of them."""

    said: dict[str, tuple[Home, Position | None]]
    """By door; without a position where nothing believable was said."""
    failures: tuple[GeocoderError, ...] = ()

    @property
    def again_in(self) -> float | None:
        """After how many seconds the missing ones are worth another try; nothing if they are not."""
        waits = [failure.again_in for failure in self.failures if failure.again_in is not None]
        return max(waits) if waits and len(waits) == len(self.failures) else None


class _Asking(msgspec.Struct):
    """Homes that share an address, and what has been said about it."""

    homes: list[Home]
    answers: list[Answer | None] = msgspec.field(default_factory=list)
    is_complete: bool = True

    def said(self) -> list[tuple[Home, Position | None]]:
        return [(home, position(home, self.answers)) for home in self.homes]


async def ask(homes: Sequence[Home], *, geocoder: Geocoder, seconds: float) -> Asked:
    """What the geocoder says of these homes within that time."""
    addresses = _by_address(homes)
    lines = [(one, question) for one in addresses for question in questions(one.homes[0])]
    requests = [lines[start : start + LINES] for start in range(0, len(lines), LINES)]
    failures = await asyncio.gather(*(_ask(r, geocoder, seconds) for r in requests))
    said = [pair for one in addresses if one.is_complete for pair in one.said()]
    return Asked(
        said={home.home_key: (home, found) for home, found in said},
        failures=tuple(failure for failure in failures if failure),
    )


def _by_address(homes: Sequence[Home]) -> list[_Asking]:
    """Flats of one building are asked for once."""
    addresses: dict[tuple[str, str, str], _Asking] = {}
    for home in homes:
        key = (home.insee_code, home.postal_code, home.address)
        addresses.setdefault(key, _Asking([])).homes.append(home)
    return list(addresses.values())


async def _ask(
    lines: Sequence[tuple[_Asking, Question]], geocoder: Geocoder, seconds: float
) -> GeocoderError | None:
    try:
        answers = await geocoder.ask([question for _, question in lines], seconds=seconds)
    except GeocoderError as error:
        for one, _ in lines:
            one.is_complete = False
        return error
    for (one, _), answer in zip(lines, answers, strict=True):
        one.answers.append(answer)
    return None
