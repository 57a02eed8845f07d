"""The two doors: /api and /admin, who is let in and how often."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec
import structlog
from litestar.types import ASGIApp

from libs.common import postgres
from services.gateway.repository import api_keys
from services.gateway.repository.api_keys import Known
from services.gateway.routes.keys import (
    Admit,
    Door,
    Find,
    admin_door,
    api_door,
    keeper,
    locked,
)
from services.gateway.routes.limit import Count, limited
from services.gateway.routes.ports import Ports, Reading
from services.gateway.routes.throttle import Throttle

log = structlog.get_logger()

Middleware = Callable[[ASGIApp], ASGIApp]


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the operations of each part."""

    api: Middleware
    admin: Middleware
    operators: Door
    """What opens /admin, and the console."""
    sign_in: Admit


def entrance(ports: Ports, count: Count) -> Entrance:
    """Doors that share one list of keys and one memory of who knocked in vain."""
    settings, find = ports.settings, finding(ports.reading)
    throttle = Throttle(ports.clock)
    admit = throttle.around(keeper(api_door(settings.api_key), find))
    admin = admin_door(settings.admin_api_key, settings.api_key)
    requests, seconds = settings.rate_limit_requests, settings.rate_limit_window
    counted = limited(admit, count, requests=requests, window_seconds=seconds)
    sign_in = throttle.around(keeper(admin, find))
    return Entrance(
        api=counted if settings.rate_limit_enabled else locked(admit),
        admin=locked(sign_in),
        operators=admin,
        sign_in=sign_in,
    )


def finding(reading: Reading) -> Find:
    """Looks keys up; that one was used is written beside the request, which does not wait for it."""
    writing: set[asyncio.Task[None]] = set()

    async def find(prefix: str) -> Sequence[Known]:
        async with reading() as connection:
            found = await api_keys.find(connection, prefix)
        for known in found:
            if known.is_stale:
                task = asyncio.create_task(_used(reading, known.id))
                writing.add(task)
                task.add_done_callback(writing.discard)
        return found

    return find


async def _used(reading: Reading, key_id: UUID) -> None:
    try:
        async with reading() as connection:
            await api_keys.used(connection, key_id)
    except postgres.FAILED as error:
        log.warning("last_use_not_written", key_id=str(key_id), error=type(error).__name__)
