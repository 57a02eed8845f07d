"""Is it alive, is it ready, which version is it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from litestar import get

from libs.liveness import progress
from services.gateway.routes import checks
from services.gateway.routes.ports import Component, Given
from services.gateway.routes.problems import unavailable

VERSION: Final = "0.1.0"
"""Of the interface and its program; equal to the project's (a test compares them)."""

SERVICE: Final = "TrackImmo API"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers; nothing else is asked."""

    status: Literal["ok"] = "ok"
    service: str = SERVICE
    version: str = VERSION


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Which program answers."""

    version: str = VERSION
    service: str = SERVICE


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe learns."""

    status: Literal["ok"] = "ok"


@get("/health", tags=["Health"], sync_to_thread=False)
def health() -> Health:
    """Liveness only: the process answers."""
    return Health()


@get("/api/health", tags=["Health"], sync_to_thread=False)
def api_health() -> Health:
    """The same as /health; needs no key."""
    return Health()


@get("/version", tags=["Health"], sync_to_thread=False)
def version() -> Version:
    """Which version answers."""
    return Version()


@get("/live", tags=["Health"], sync_to_thread=False)
def live() -> Probe:
    """Probe: the gateway gets on with its events, or has none; else it should be started afresh."""
    if problem := progress.problem():
        raise unavailable(problem)
    return Probe()


@get("/ready", tags=["Health"])
async def ready(ports: Given) -> Probe:
    """Probe: PostgreSQL and the migrations are there."""
    if not await ports.ready():
        raise unavailable("PostgreSQL or its schema is not there yet")
    return Probe()


class SystemHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Every part of the system; `degraded` when one of them is."""

    status: Literal["ok", "degraded"]
    timestamp: datetime
    components: Mapping[str, Component]


@get("/health", tags=["Health"])
async def admin_health(ports: Given) -> SystemHealth:
    """Database, mail server (connected to, never sent to), bus, each service, and what waits.

    Every message says what is, and where something is wrong what to do about it.
    """
    components = await checks.components(ports)
    well = all(part.status == "ok" for part in components.values())
    return SystemHealth(
        status="ok" if well else "degraded", timestamp=ports.clock(), components=components
    )
