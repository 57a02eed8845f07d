"""How each part of the system is, asked in parallel, each within two seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from services.gateway.repository import health
from services.gateway.repository.health import ServiceHealth
from services.gateway.routes.ports import Component, Ports

PATIENCE_SECONDS: Final = 2
SLOW_OUTBOX: Final = timedelta(minutes=1)

Check = Callable[[], Awaitable[Component]]
SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")


async def components(ports: Ports) -> dict[str, Component]:
    """Every part by name; a part that does not answer is down, and nothing waits for it."""
    settings = ports.settings
    (database, email, kafka), services = await asyncio.gather(
        asyncio.gather(
            _bounded(lambda: _database(ports)),
            _bounded(lambda: _mail_server(settings.smtp_server, settings.smtp_port)),
            _bounded(ports.kafka),
        ),
        _services(ports),
    )
    return {"database": database, "email": email, "kafka": kafka, **services}


async def _bounded(check: Check) -> Component:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check()
    except TimeoutError:
        return Component(status="down", message=f"No answer within {PATIENCE_SECONDS} s")
    except Exception as error:  # noqa: BLE001 - whatever it is, the other parts are still told
        return Component(status="down", message=f"Not reachable ({type(error).__name__})")


async def _database(ports: Ports) -> Component:
    async with ports.reading() as connection:
        clients = await health.count_clients(connection)
    return Component(status="ok", message=f"Connected, {clients} total clients")


async def _mail_server(host: str, port: int) -> Component:
    """Connect and read the greeting; nothing is ever sent but QUIT."""
    if not host:
        return Component(status="unknown", message="Not configured")
    reader, writer = await asyncio.open_connection(host, port)
    try:
        if port == 465:  # noqa: PLR2004 - the port that speaks TLS first
            return Component(status="ok", message=f"Connected to {host}:{port}")
        greeting = (await reader.readline()).decode("ascii", "replace").strip()
        writer.write(b"QUIT\r\n")
    finally:
        writer.close()
        with suppress(OSError):  # closing tells nothing that the greeting has not
            await writer.wait_closed()
    status = "ok" if greeting.startswith("220") else "down"
    return Component(status=status, message=f"{host}:{port} says: {greeting[:100]}")


async def _services(ports: Ports) -> dict[str, Component]:
    found: dict[str, Component] = {}

    async def ask() -> Component:
        async with ports.reading() as connection:
            for service in await health.services(connection):
                found[service.service] = _service(service, ports.clock())
        return Component(status="ok", message="")

    asked = await _bounded(ask)
    unknown = Component(status="unknown", message=asked.message or "Not installed")
    return {name: found.get(name, unknown) for name in SERVICES}


def _service(health: ServiceHealth, at: datetime) -> Component:
    slow = health.oldest_unpublished_at and at - health.oldest_unpublished_at > SLOW_OUTBOX
    message = (
        f"{health.sessions} sessions, {health.unpublished} events unpublished,"
        f" {health.waiting} messages held, {health.dead} dead letters"
    )
    if not health.sessions:
        return Component(status="down", message=f"Not connected; {message}")
    return Component(status="degraded" if slow or health.dead else "ok", message=message)
