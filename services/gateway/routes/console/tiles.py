"""The four tiles of the overview: a number each, whether it is well, and the last hour as a line."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from services.gateway.repository.console.overview import Waiting
from services.gateway.repository.console.vitals import Lag, Vital
from services.gateway.repository.health import ServiceHealth
from services.gateway.routes.unwell import SLOW_OUTBOX_SECONDS

IDLE_SECONDS: Final = 8.0
"""A sender at work sends several mails a second: with mails waiting it is never idle for so long."""
SLOW_LAG_SECONDS: Final = 60.0
RECENT_SLOTS: Final = 20
"""Ten minutes: what failed before is told by its job."""
A_MINUTE: Final = 2

Name = Literal["lag", "outbox", "errors", "mails"]
Condition = Literal["none", "moving", "slow", "unknown", "away_none", "away"]


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """`condition` is the sentence it says, with `count` and `seconds` in its blanks."""

    name: Name
    condition: Condition
    is_well: bool
    value: float | None
    count: int = 0
    seconds: float = 0.0
    points: Sequence[float | None] = ()


def tiles(
    past: Sequence[Vital], lag: Lag, services: Sequence[ServiceHealth], waiting: Waiting
) -> Sequence[Tile]:
    """All four."""
    is_there = any(one.sessions for one in services if one.service == "notifier")
    return (
        _lag(past, lag),
        _outbox(past, services),
        _errors(past),
        _mails(past, waiting, is_there=is_there),
    )


def _lag(past: Sequence[Vital], lag: Lag) -> Tile:
    seconds = lag.oldest_seconds or 0.0
    if lag.lag is None:
        condition: Condition = "unknown"
    elif not lag.lag:
        condition = "none"
    else:
        condition = "slow" if seconds > SLOW_LAG_SECONDS else "moving"
    return Tile(
        name="lag",
        condition=condition,
        is_well=condition in {"none", "moving"},
        value=lag.lag,
        count=lag.lag or 0,
        seconds=seconds,
        points=_line(past, lambda one: one.lag),
    )


def _outbox(past: Sequence[Vital], services: Sequence[ServiceHealth]) -> Tile:
    seconds = max((one.oldest_seconds or 0.0 for one in services), default=0.0)
    count = sum(one.unpublished for one in services)
    is_well = seconds <= SLOW_OUTBOX_SECONDS
    return Tile(
        name="outbox",
        condition=("moving" if is_well else "slow") if count else "none",
        is_well=is_well,
        value=seconds,
        count=count,
        seconds=seconds,
        points=_line(past, lambda one: one.oldest_wait_seconds),
    )


def _errors(past: Sequence[Vital]) -> Tile:
    hour = sum(one.errors or 0 for one in past)
    recent = sum(one.errors or 0 for one in past[-RECENT_SLOTS:])
    return Tile(
        name="errors",
        condition="slow" if recent else "moving" if hour else "none",
        is_well=not recent,
        value=hour,
        count=recent or hour,
        points=_line(past, lambda one: one.errors),
    )


def _mails(past: Sequence[Vital], waiting: Waiting, *, is_there: bool) -> Tile:
    sent = [one.mails_sent for one in past if one.mails_sent is not None]
    seconds = min(waiting.oldest_seconds or 0.0, waiting.idle_seconds or float("inf"))
    if not is_there:
        condition: Condition = "away" if waiting.waiting else "away_none"
    elif waiting.waiting and seconds > IDLE_SECONDS:
        condition = "slow"
    else:
        condition = "moving" if waiting.waiting else "none"
    return Tile(
        name="mails",
        condition=condition,
        is_well=condition in {"none", "moving"},
        value=sent[-1] * A_MINUTE if sent else None,
        count=waiting.waiting,
        seconds=waiting.oldest_seconds or 0.0,
        points=_line(
            past, lambda one: None if one.mails_sent is None else one.mails_sent * A_MINUTE
        ),
    )


def _line(past: Sequence[Vital], of: Callable[[Vital], float | None]) -> Sequence[float | None]:
    return [of(one) for one in past]
