"""Events become mails: each asks for the one mail of its subject, however often it is told."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import structlog
from msgspec.structs import replace

from libs.common.envelope import Received
from libs.common.events import (
    AddressesInsufficient,
    ClientErased,
    ClientRegistered,
    Event,
    JobEvent,
    JobFailed,
    PreNotification,
    PropertiesAssigned,
)
from libs.common.outbox import Emit
from services.notifier.domain.mail import Job, Mail, Request
from services.notifier.handlers.outcomes import tell

log = structlog.get_logger()


class Due(NamedTuple):
    """A client whose delivery a notice announces."""

    due_on: date
    client_id: UUID
    delivery_on: date
    month: date


class Mails(Protocol):
    async def ask(self, requests: Sequence[Request]) -> Sequence[Mail]: ...
    async def erase(self, client_ids: Sequence[UUID]) -> Sequence[Mail]: ...


class Ticks(Protocol):
    async def due(self, due_on: Sequence[date]) -> Sequence[Due]: ...
    async def handled(self, clients: Mapping[date, int]) -> set[date]: ...


async def ask(
    received: Sequence[Received[Any]], *, mails: Mails, emit: Emit, wake: asyncio.Event
) -> None:
    """Make sure that each event's mail exists; say again what is settled already."""
    asked = sorted(((_request(one), one) for one in received), key=lambda pair: _age(pair[0]))
    newest = {request.id: (request, one) for request, one in asked}
    for mail in await mails.ask([request for request, _ in newest.values()]):
        tell(mail, emit, newest[mail.id][1])
    wake.set()


async def ask_notices(
    received: Sequence[Received[PreNotification]],
    *,
    mails: Mails,
    ticks: Ticks,
    wake: asyncio.Event,
) -> None:
    """Announce the deliveries of the day after, once for each tick and delivery."""
    days = {one.event.due_on: one for one in received}
    due = await ticks.due(sorted(days))
    first_time = await ticks.handled(
        {day: sum(one.due_on == day for one in due) for day in sorted(days)}
    )
    notices = [_notice(one, days[one.due_on]) for one in due if one.due_on in first_time]
    await mails.ask(list({notice.id: notice for notice in notices}.values()))
    log.info("notices_asked", ticks=len(first_time), clients=len(notices))
    wake.set()


async def forget_clients(
    received: Sequence[Received[ClientErased]], *, mails: Mails, emit: Emit
) -> None:
    """Blank the mails of erased clients; what is not handed off yet never will be."""
    causes = {one.event.client_id: one for one in received}
    for mail in await mails.erase(sorted(causes)):
        tell(mail, emit, causes[mail.client_id] if mail.client_id else None)


def _age(request: Request) -> tuple[int, int]:
    return (request.job.ladder, request.job.run) if request.job else (0, 0)


def _request(received: Received[Any]) -> Request:
    return replace(_asked(received.event), traceparent=received.traceparent)


def _asked(event: Event) -> Request:
    match event:
        case PropertiesAssigned():
            return _about_job(event, "notification")
        case AddressesInsufficient(requested=requested, found=found, cities=cities, tried=tried):
            detail = {"requested": requested, "found": found, "cities": cities, "tried": tried}
            return _about_job(event, "insufficient", detail=detail)
        case JobFailed(attempts=attempts, step=step, reason=reason):
            detail = {"attempts": attempts, "step": step, "reason": reason}
            return _about_job(event, "error", period=str(event.ladder), detail=detail)
        case ClientRegistered(client_id=client_id):
            return Request(kind="welcome", subject_id=client_id, client_id=client_id)
        case _:
            raise TypeError(f"no mail is made of {event.type}")


def _about_job(event: JobEvent, kind: Any, *, period: str = "", detail: Any = None) -> Request:
    return Request(
        kind=kind,
        subject_id=event.job_id,
        client_id=event.client_id,
        period=period,
        job=Job(id=event.job_id, kind=event.kind, run=event.run, ladder=event.ladder),
        detail=detail or {},
    )


def _notice(due: Due, tick: Received[Any]) -> Request:
    return Request(
        kind="monthly",
        subject_id=due.client_id,
        client_id=due.client_id,
        period=f"{due.month:%Y-%m}",
        detail={"delivery_on": due.delivery_on},
        traceparent=tick.traceparent,
    )
