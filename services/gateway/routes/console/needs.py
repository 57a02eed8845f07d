"""What needs a person: each a sentence, what to do, and the page that settles it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from services.gateway.repository.console.overview import Failed, Stalled, Tick
from services.gateway.repository.console.vitals import Lag
from services.gateway.repository.health import ServiceHealth, Work
from services.gateway.routes.checks import SLOW_REFRESH_SECONDS
from services.gateway.routes.unwell import unwell

CONSOLE: Final = "/console"
ALL_AT_ONCE: Final = 3
"""Fewer of a kind are each a line of their own."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """`word` is the sentence and `<word>_do` what to do, with the rest in their blanks."""

    word: str
    path: str
    count: int = 0
    seconds: float = 0.0
    name: str = ""
    day: date | None = None


def needs(
    work: Work,
    services: Sequence[ServiceHealth],
    lag: Lag,
    *,
    stalled: Sequence[Stalled],
    ticks: Sequence[Tick],
    failed: Sequence[Failed],
) -> Sequence[Need]:
    """All of it: first what keeps everything else from moving."""
    return [
        *_bus(lag),
        *_services(services),
        *_schedule(work, ticks),
        *_mails(work),
        *_dead_letters(services),
        *_jobs(work, stalled, failed),
        *_refreshes(work),
    ]


def _bus(lag: Lag) -> Iterator[Need]:
    if lag.is_silent:
        yield Need(word="kafka_away", path=f"{CONSOLE}/topics")


def _services(services: Sequence[ServiceHealth]) -> Iterator[Need]:
    for one in services:
        if wrong := unwell(one):
            yield Need(
                word=f"service_{wrong.ailment}",
                path=f"{CONSOLE}/topics",
                name=wrong.service,
                seconds=wrong.seconds,
                count=one.unpublished,
            )


def _schedule(work: Work, ticks: Sequence[Tick]) -> Iterator[Need]:
    if work.tick_is_overdue:
        yield Need(word="tick_overdue", path=f"{CONSOLE}/schedule")
    for tick in ticks:
        yield Need(word=f"{tick.kind}_{tick.state}", path=f"{CONSOLE}/schedule", day=tick.due_on)


def _mails(work: Work) -> Iterator[Need]:
    if work.mails_unknown:
        path = f"{CONSOLE}/mails?tab=unknown"
        yield Need(word="mails_unknown", path=path, count=work.mails_unknown)
    if work.mails_overdue:
        path = f"{CONSOLE}/mails?tab=waiting"
        yield Need(word="mails_overdue", path=path, count=work.mails_overdue)


def _dead_letters(services: Sequence[ServiceHealth]) -> Iterator[Need]:
    for one in services:
        if one.dead:
            path = f"{CONSOLE}/dead-letters?service={one.service}"
            yield Need(word="dead_letters", path=path, name=one.service, count=one.dead)


def _jobs(work: Work, stalled: Sequence[Stalled], failed: Sequence[Failed]) -> Iterator[Need]:
    for how, count in (("silent", work.jobs_silent), ("overdue", work.jobs_overdue)):
        some = [one for one in stalled if one.how == how]
        if 0 < count <= ALL_AT_ONCE:
            for one in some[:count]:
                path = f"{CONSOLE}/jobs/{one.job_id}"
                yield Need(word=f"job_{how}", path=path, seconds=one.seconds)
        elif count:
            path = f"{CONSOLE}/jobs?status={'processing' if how == 'silent' else 'pending'}"
            seconds = max((one.seconds for one in some), default=0.0)
            yield Need(word=f"jobs_{how}", path=path, count=count, seconds=seconds)
    if 0 < len(failed) <= ALL_AT_ONCE:
        for one in failed:
            yield Need(word="job_failed", path=f"{CONSOLE}/jobs/{one.job_id}", day=one.due_on)
    elif failed:
        path = f"{CONSOLE}/jobs?status=failed&kind=scheduled"
        yield Need(word="jobs_failed", path=path, count=failed[0].of)


def _refreshes(work: Work) -> Iterator[Need]:
    if (seconds := work.oldest_refresh_seconds or 0.0) > SLOW_REFRESH_SECONDS:
        path = f"{CONSOLE}/cities"
        yield Need(word="refresh_slow", path=path, count=work.refreshes, seconds=seconds)
