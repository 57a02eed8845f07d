"""Is it alive, is it ready, which version is it."""

from typing import Final, Literal

import msgspec
from litestar import Response, get

from services.gateway.routes.ports import Given

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

    status: Literal["ok", "not ready"]


@get(["/health", "/api/health"], operation_id="health", tags=["Health"], sync_to_thread=False)
def health() -> Health:
    """Liveness only: the process answers."""
    return Health()


@get("/version", tags=["Health"], sync_to_thread=False)
def version() -> Version:
    """Which version answers."""
    return Version()


@get("/live", tags=["Health"], sync_to_thread=False)
def live() -> Probe:
    """Probe: the event loop turns."""
    return Probe(status="ok")


@get("/ready", tags=["Health"])
async def ready(ports: Given) -> Response[Probe]:
    """Probe: PostgreSQL and the migrations are there."""
    if await ports.ready():
        return Response(Probe(status="ok"))
    return Response(Probe(status="not ready"), status_code=503, headers={"Retry-After": "5"})
