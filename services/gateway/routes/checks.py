"""How each part of the system is and what to do, asked in parallel, each within two seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

import msgspec

from services.gateway.repository import health, mail_requests
from services.gateway.repository.health import ServiceHealth, Work
from services.gateway.routes.mail_server import MailServer, Security, greeted, protected
from services.gateway.routes.ports import Component, Ports, Reading, Status
from services.gateway.routes.unwell import Unwell, unwell

PATIENCE_SECONDS: Final = 2.0
MAIL_SECONDS: Final = 1.5
"""Of the two, since it is first to be learned which server it is."""
SLOW_REFRESH_SECONDS: Final = 3600.0

Components = Mapping[str, Component]
Bus = Callable[[], Awaitable[Component]]
SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")
WORKING: Final = ("dead_letters", "jobs", "refreshes", "schedule", "mails")


async def components(ports: Ports) -> Components:
    """Every part by name; a part that does not answer is down, and nothing waits for it."""
    database, email, inside = await asyncio.gather(
        _bounded(lambda: _database(ports)),
        _bounded(lambda: _email(ports)),
        within(ports.reading, ports.kafka),
    )
    return {"database": database, "email": email, **inside}


async def within(reading: Reading, kafka: Bus) -> Components:
    """The parts that nobody outside is asked about: the bus, the services, their work."""
    bus, services, work = await asyncio.gather(
        _bounded(kafka),
        _several(SERVICES, lambda: _services(reading)),
        _several(WORKING, lambda: _working(reading)),
    )
    return {"kafka": bus, **services, **work}


async def _bounded(check: Callable[[], Awaitable[Component]]) -> Component:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the other parts are still told
        return Component(status="down", message=_failed(error))


async def _several(
    names: tuple[str, ...], check: Callable[[], Awaitable[Components]]
) -> Components:
    """Parts of which one answer tells; without it nobody knows how they are."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check()
    except Exception as error:  # noqa: BLE001 - as above
        unknown = Component(status="unknown", message=f"Not known. PostgreSQL: {_failed(error)}")
        return dict.fromkeys(names, unknown)


def _failed(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"No answer within {PATIENCE_SECONDS:g} s: is it up, and does it have a free connection?"
    return f"Not reachable ({type(error).__name__}): is it up, and is its address right?"


async def _database(ports: Ports) -> Component:
    async with ports.reading() as connection:
        clients = await health.count_clients(connection)
    return Component(status="ok", message=f"Connected, {clients} total clients")


async def _email(ports: Ports) -> Component:
    server = await _mail_server(ports)
    if server is None:
        message = "No server is known yet: start the notifier, or set SMTP_SERVER for the gateway"
        return Component(status="unknown", message=message)
    return await greeted(server, MAIL_SECONDS)


async def _mail_server(ports: Ports) -> MailServer | None:
    """Ours to look at by our own settings; without them the one that the notifier uses."""
    own = ports.settings
    if own.smtp_server:
        security = protected(own.smtp_security, own.smtp_port)
        return MailServer(host=own.smtp_server, port=own.smtp_port, security=security)
    async with ports.reading() as connection:
        used = await mail_requests.smtp_config(connection)
    if used is None:
        return None
    security = msgspec.convert(used.smtp_security, Security)
    return MailServer(host=used.smtp_server, port=used.smtp_port, security=security)


async def _services(reading: Reading) -> Components:
    async with reading() as connection:
        return {one.service: _service(one) for one in await health.services(connection)}


def _service(of: ServiceHealth) -> Component:
    waits = f"{of.unpublished} events wait to be published"
    if wrong := unwell(of):
        status: Status = "down" if wrong.ailment == "away" else "degraded"
        return Component(status=status, message=_advice(wrong, waits))
    oldest = f"{waits}, the oldest for {age(of.oldest_seconds or 0.0)}"
    held = f"; {of.waiting} messages wait to be tried again" if of.waiting else ""
    message = f"Connected, {oldest if of.unpublished else 'every event is published'}{held}"
    return Component(status="ok", message=message)


def _advice(wrong: Unwell, waits: str) -> str:
    service, since = wrong.service, age(wrong.seconds)
    asked = f"does Kafka answer the {service}?"
    return {
        "away": f"Not connected to PostgreSQL: start the {service}, or look at its log",
        "stuck": f"Events wait and none was settled for {since}: it ends itself and is started afresh;"
        " `consumer_stuck` in its log says where it stood",
        "silent": f"Has said nothing for {since}: is it suspended, or does it hang? Keep its log and"
        f" restart the {service}",
        "slow": f"{waits}, the oldest for {since}: {asked}",
        "no_relay": f"{waits}, the oldest for {since}, and no session holds its relay's lock: {asked}"
        " If so, restart it",
    }[wrong.ailment]


async def _working(reading: Reading) -> Components:
    async with reading() as connection:
        work = await health.work(connection)
        dead = {one.service: one.dead for one in await health.services(connection) if one.dead}
    parts = (_dead_letters(dead), _jobs(work), _refreshes(work), _schedule(work), _mails(work))
    return dict(zip(WORKING, parts, strict=True))


def _dead_letters(dead: Mapping[str, int]) -> Component:
    if not dead:
        return Component(status="ok", message="None")
    where = ", ".join(f"{number} of the {service}" for service, number in dead.items())
    message = f"{where}: see GET /admin/dead-letters, then replay or discard each"
    return Component(status="degraded", message=message)


def _jobs(work: Work) -> Component:
    wrong: list[str] = []
    if work.jobs_silent:
        wrong.append(
            f"{work.jobs_silent} have not moved for 15 minutes: each is asked for once more, then"
            " its run fails and is tried again; `job_silent` in the gateway's log names them"
        )
    if work.jobs_overdue:
        wrong.append(f"{work.jobs_overdue} should run again by now: look at the gateway's log")
    message = "; ".join(wrong) or "None stands still"
    return Component(status="degraded" if wrong else "ok", message=message)


def _refreshes(work: Work) -> Component:
    if not work.refreshes:
        return Component(status="ok", message="No city is being read")
    oldest = work.oldest_refresh_seconds or 0.0
    message = f"{work.refreshes} under way, the oldest for {age(oldest)}"
    if oldest > SLOW_REFRESH_SECONDS:
        return Component(status="degraded", message=f"{message}: look at the scraper's log")
    return Component(status="ok", message=message)


def _schedule(work: Work) -> Component:
    if work.ticked_at is None:
        return Component(status="ok", message="No tick yet: the first comes at SCHEDULE_TIME")
    message = f"The last tick was {work.last_tick}, at {work.ticked_at:%Y-%m-%d %H:%M:%S} UTC"
    if work.tick_is_overdue:
        advice = "the next is overdue: is the scheduler up, and SCHEDULER_ENABLED?"
        return Component(status="degraded", message=f"{message}; {advice}")
    return Component(status="ok", message=message)


def _mails(work: Work) -> Component:
    wrong: list[str] = []
    if work.mails_unknown:
        where = "see GET /admin/mails?state=unknown, then resolve each"
        wrong.append(f"{work.mails_unknown} may or may not have arrived: {where}")
    if work.mails_overdue:
        wrong.append(
            f"{work.mails_overdue} should have been sent by now: look at the notifier's log"
        )
    message = "; ".join(wrong) or "None is in doubt, none is overdue"
    return Component(status="degraded" if wrong else "ok", message=message)


def age(seconds: float) -> str:
    """`90 s`, `0:12:30`."""
    whole = timedelta(seconds=round(seconds))
    return f"{whole.seconds} s" if whole < timedelta(minutes=2) else str(whole)
